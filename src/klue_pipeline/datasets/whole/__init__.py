"""Kedro's datasets for single files, written whole and in UTF-8 whatever the machine says."""
