"""How fast passages are searched and embedded, and how all that is done to them grows."""
