"""Tables and other results in one file each, in formats of their own."""
