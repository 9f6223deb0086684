"""How fast passages are read: in training, by a trained reader, and from question to answer."""
