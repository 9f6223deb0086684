"""Open-domain question answering: a question goes in, the passages that answer it come out."""
