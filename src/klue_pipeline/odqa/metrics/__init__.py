"""How well passages are found and questions answered: ranks, matches, scores with intervals."""
