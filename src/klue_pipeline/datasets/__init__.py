"""Kedro datasets of our own: what the catalog needs and no published dataset stores."""
