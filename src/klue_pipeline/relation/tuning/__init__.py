"""Search for settings of relation extraction: what a trial trains, and by what it is judged."""
