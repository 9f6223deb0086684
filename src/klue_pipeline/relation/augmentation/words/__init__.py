"""Words of a sentence that an augmentation may touch, and what may stand in their place."""
