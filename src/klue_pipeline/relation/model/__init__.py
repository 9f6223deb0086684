"""An encoder with a head that tells relations apart: its training by fold, its predictions."""
