"""Windows and folds -> a reader for each fold."""
