"""How a retriever that learns nothing makes its index of tokens, by its method."""

from klue_pipeline.odqa.sparse.bm25 import fit_bm25
from klue_pipeline.odqa.sparse.tfidf import fit_tfidf

SPARSE = {"bm25": fit_bm25, "tfidf": fit_tfidf}
"""By ``name`` of the retriever."""
