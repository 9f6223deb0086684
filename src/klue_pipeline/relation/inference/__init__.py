"""A trained experiment as a product: exported, loaded, asked, served."""
