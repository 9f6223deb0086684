"""Questions, passages and folds -> windows of tokens that a reader learns from."""
