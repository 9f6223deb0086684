"""Readers and runs -> spans, answers, and predictions of the test questions."""
