"""A trained experiment as a product, whatever its task: what its folder holds, how it is asked."""
