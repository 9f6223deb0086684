"""How good answers are, where they fail, and which experiment answers best."""
