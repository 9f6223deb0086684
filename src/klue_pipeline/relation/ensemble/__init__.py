"""Several experiments' scores -> one: which fit, how they are blended, how good that is."""
