"""Readers and an index -> a folder that answers questions elsewhere."""
