"""One answer of those of several experiments."""
