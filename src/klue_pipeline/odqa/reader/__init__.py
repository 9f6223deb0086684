"""The model that finds the span of an answer in a passage, its training, and what it says."""
