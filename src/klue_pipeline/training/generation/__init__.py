"""Text that a model writes: translations."""
