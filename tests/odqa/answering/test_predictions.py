"""Predictions in the contest's layout, checked before they are written."""

import logging

import pandas as pd
import pytest

from klue_pipeline.odqa.answering.predictions import list_predictions

EXAMPLES = pd.DataFrame(
    {
        "question_id": ["q3", "v0", "q1", "q2"],
        "part": ["test", "validation", "test", "test"],
    }
)
ANSWERS = pd.DataFrame(
    {
        "question_id": ["v0", "q1", "q2", "q3"],
        "text": ["서울", "부산", "인천 😀", ""],
        "is_given": [True, False, True, False],
    }
)
N_BEST = pd.DataFrame(
    [("v0", 1, "서울"), ("q2", 1, "인천 😀"), ("q2", 2, "대전"), ("q1", 1, "부산")],
    columns=["question_id", "rank", "text"],
).assign(untrimmed="", probability=0.25, passage_id="p0", start_char=3, end_char=5)


def test_layout_order_and_empty_answers(caplog):
    with caplog.at_level(logging.WARNING):
        predictions, n_best = list_predictions(ANSWERS, N_BEST, EXAMPLES)
    assert list(predictions.items()) == [("q3", ""), ("q1", ""), ("q2", "인천 😀")]
    place = {"probability": 0.25, "passage_id": "p0", "start_char": 3, "end_char": 5}
    assert list(n_best.items()) == [
        ("q3", []),
        ("q1", [{"text": "부산", **place}]),
        ("q2", [{"text": "인천 😀", **place}, {"text": "대전", **place}]),
    ]
    assert [record.getMessage() for record in caplog.records] == [
        "1 test question without an answer: nothing was retrieved for them",
        "1 test question without an answer: odqa.answer.abstain_below keeps them back",
    ]


def test_every_test_question_wants_an_answer():
    with pytest.raises(ValueError, match="no answer to 1 of 3 test questions: q1"):
        list_predictions(ANSWERS[ANSWERS["question_id"] != "q1"], N_BEST, EXAMPLES)
