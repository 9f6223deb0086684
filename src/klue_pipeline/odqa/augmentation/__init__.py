"""Rows made of questions, for the training part of a fold."""
