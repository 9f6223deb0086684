"""Scores where labels are distributed differently than among the scored rows: label shift."""
