"""Models that others made: what is wanted of their files before anything of them is used."""
