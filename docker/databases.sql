-- Beside mlflow, which the image makes: the studies of hyper-parameters.
CREATE DATABASE optuna;
