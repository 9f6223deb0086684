"""Names in the folders of dense retrievers; read without importing torch."""

FAISS_FILE = "faiss.index"
"""What an index that faiss searches has beside its vectors."""
QUESTION_FOLDER, PASSAGE_FOLDER = "q_encoder", "p_encoder"
"""Where a trained retriever's encoders lie."""
