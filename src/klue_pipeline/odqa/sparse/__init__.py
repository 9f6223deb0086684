"""Search by the tokens that question and passage share: BM25 and TF-IDF."""
