"""A trained reader with its index, outside of the project's runs."""
