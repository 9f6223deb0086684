"""Masked-language modelling on the task's own sentences."""
