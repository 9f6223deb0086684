"""A look at the rows before anything is trained: what they hold, and how the test file differs.

Tables come first, one module per question; figures draw nothing that does not stand in a table.
"""
