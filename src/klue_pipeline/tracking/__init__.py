"""MLflow: the client, parent and child runs, and what is logged under which name."""
