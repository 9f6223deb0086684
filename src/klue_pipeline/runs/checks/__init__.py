"""What is asked before a run: is all there that it reads, and is it what it seems to be."""
