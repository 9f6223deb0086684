"""Several experiments' answers -> one: who may vote, how votes add up, how good that is."""
