"""An exported experiment -> a model that MLflow serves."""
