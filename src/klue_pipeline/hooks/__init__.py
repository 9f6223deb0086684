"""Kedro hooks: what happens around a run, apart from its nodes."""
