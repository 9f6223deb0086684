"""From the scores of spans to one answer for each question."""
