"""Files of a run: written whole, recognised by their content, and claimed by one run at a time."""
