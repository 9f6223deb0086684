"""How to train, fold and score any encoder; knows no task, no Kedro, no MLflow and no file layout."""
