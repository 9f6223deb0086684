"""Where a trained retriever's encoders lie in its folder; read without importing torch."""

QUESTION_FOLDER, PASSAGE_FOLDER = "q_encoder", "p_encoder"
