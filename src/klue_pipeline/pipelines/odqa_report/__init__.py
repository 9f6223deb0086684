"""Answers and gold answers -> how good they are, and where they fail."""
