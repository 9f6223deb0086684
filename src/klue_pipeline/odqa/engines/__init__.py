"""Runs of other search engines: a file that one left, or a server that is asked."""
