"""From rows to the texts a model reads: markers, questions, type words."""
