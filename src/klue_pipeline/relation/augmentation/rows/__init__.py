"""A row that is augmented: its text, edits that keep offsets right, what it may become."""
