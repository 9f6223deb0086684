"""A search for settings as a run sees it: its study, settings of trials, the entry of what won."""
