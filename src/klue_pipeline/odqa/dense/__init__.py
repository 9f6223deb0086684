"""Dense retrieval: encoders of questions and passages, their vectors, search, and training."""
