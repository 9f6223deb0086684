"""Texts as tokens that a search compares: taken apart once per corpus, kept as arrays."""
