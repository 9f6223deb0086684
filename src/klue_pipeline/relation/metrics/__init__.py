"""KLUE's scores of relations, plain and under the labels of where a model is judged."""
