"""An exported experiment and new questions -> their answers."""
