"""New training rows made of others.

``methods.py`` is the table of methods, one file each; ``driver.py`` decides which rows they start
from and which of their rows stay; sentences are changed through ``edits.py``.
"""
