"""Scores told for a target whose labels are distributed differently: label shift."""
