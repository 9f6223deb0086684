"""From input texts to token ids and the positions of both entities."""
