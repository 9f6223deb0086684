"""How to classify the relation between two marked entities; knows neither Kedro nor MLflow."""
