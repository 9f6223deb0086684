"""Answers of several experiments -> one answer for each question."""
