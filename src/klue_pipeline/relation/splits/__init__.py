"""Which rows must stay together in a fold, and how much a split leaks."""
