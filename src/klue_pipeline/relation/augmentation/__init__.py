"""New training rows made of others.

``methods`` holds the table of methods, one file each; ``driver`` decides which rows they start from
and which of their rows stay; sentences are changed through ``rows/edits``.
"""
