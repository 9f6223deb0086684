"""How to train, fold and score any encoder; knows no task, Kedro or MLflow."""
