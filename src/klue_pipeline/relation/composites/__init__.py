"""Experiments made of other experiments' scores."""
