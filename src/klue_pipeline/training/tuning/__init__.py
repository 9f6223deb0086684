"""Searching for settings: spaces, studies in a database, trials, and whether the winner is real."""
