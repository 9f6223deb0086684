"""How to classify the relation between two marked entities; knows no Kedro, no MLflow, no catalog."""
