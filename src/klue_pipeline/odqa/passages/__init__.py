"""Documents -> passages, their groups of near copies, and the passages that hold gold answers."""
