"""Settings of relation extraction and the rules about how they fit each other."""
