"""Texts as tokens with their places, for any task, and the special tokens around them."""
