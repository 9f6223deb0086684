"""Rows of any file as records: what was given, how its cells read, what is wrong with a row."""
