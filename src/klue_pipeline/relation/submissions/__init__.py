"""Submission files: made, checked, and read from elsewhere."""
