"""From raw files to checked rows."""
