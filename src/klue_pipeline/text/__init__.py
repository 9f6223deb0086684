"""Korean text helpers that both task families share; they know no task, no model and no file."""
