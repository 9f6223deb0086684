"""Search for settings of the reader and of the retriever: what a trial does, and its score."""
