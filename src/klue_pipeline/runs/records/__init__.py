"""What the latest run of an experiment came to, and where MLflow shows it."""
