"""Folds: how rows are split, balanced and resampled."""
