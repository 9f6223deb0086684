"""Answers of members, written by hand."""

import pandas as pd
import pytest


def make_n_best(answers):
    """Write a table of schema ``NBest`` from texts and probabilities by question."""
    rows = [
        (question, rank, text, f"{text}은", probability, f"p{rank}", 0, max(len(text), 1))
        for question, listed in answers.items()
        for rank, (text, probability) in enumerate(listed, start=1)
    ]
    names = ["question_id", "rank", "text", "untrimmed", "probability", "passage_id",
             "start_char", "end_char"]  # fmt: skip
    return pd.DataFrame(rows, columns=names).astype({"probability": float})


@pytest.fixture(name="n_best")
def n_best_fixture():
    return make_n_best
