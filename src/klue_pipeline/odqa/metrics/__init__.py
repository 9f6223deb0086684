"""How well passages are found: ranks of gold passages and answers, and scores with intervals."""
