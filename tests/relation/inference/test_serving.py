"""Requests of a server: what they say is read, what is wrong with them is said."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.inference.serving import ANSWER_COLUMNS, ServedClassifier, read_request

SENTENCE = "이순신은 조선의 무신이다."
WORDS = {"sentence": SENTENCE, "subject": "이순신", "object": "조선"}
OFFSETS = {
    "sentence": SENTENCE,
    "subject_start": 0, "subject_end": 3, "object_start": 5, "object_end": 7,
}  # fmt: skip


class Classifier:
    """Remembers what it was asked, and refuses it if told to."""

    def __init__(self, refusal=None):
        self.refusal = refusal

    def __call__(self, **asked):
        self.asked = asked
        if self.refusal:
            raise self.refusal
        return []


def test_offsets_and_words_may_stand_side_by_side():
    request = read_request(pd.DataFrame([WORDS, OFFSETS]))
    assert request == {
        "sentence": [SENTENCE, SENTENCE],
        "subject": ["이순신", (0, 3)],
        "object": ["조선", (5, 7)],
        "subject_type": None,
        "object_type": None,
    }
    assert all(type(end) is int for end in request["subject"][1])


@pytest.mark.parametrize("gap", [None, np.nan, pd.NA])
def test_offsets_win_over_words_and_gaps_say_nothing(gap):
    rows = [{**WORDS, **OFFSETS, "subject_type": "PER"}, {**WORDS, "subject_type": gap}]
    request = read_request(pd.DataFrame(rows, dtype=object).fillna(gap))
    assert request["subject"] == [(0, 3), "이순신"]
    assert request["subject_type"] == ["PER", None]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"subject_end": None}, "Row 1: subject_end is missing; a whole number"),
        ({"object_start": 1.5}, "Row 1: object_start is 1.5; a whole number"),
        ({"object_start": float("inf")}, "Row 1: object_start is inf"),
        ({"subject_end": "3"}, "Row 1: subject_end is '3'"),
        ({"subject_end": True}, "Row 1: subject_end is True"),
        ({"sentence": 3}, "Row 1: sentence is 3; a text"),
        ({"sentence": None}, "Row 1: sentence is None; a text"),
        ({"object_type": 3}, "Row 1: object_type is 3; a text"),
        (
            {"subject_start": None, "subject_end": None},
            "Row 1: subject is nothing; give subject_start and subject_end, or its words",
        ),
        ({"subject_start": None, "subject_end": None, "subject": 7}, "Row 1: subject is 7"),
    ],
)
def test_what_is_wrong_is_said_with_its_row(row, said):
    with pytest.raises(ValueError, match=said):
        read_request(pd.DataFrame([OFFSETS, {**OFFSETS, **row}], dtype=object))


def test_a_missing_column_is_said_with_what_was_found():
    with pytest.raises(ValueError, match=r"column sentence is missing; found columns: subject\."):
        read_request(pd.DataFrame([{"subject": "이순신"}]))
    with pytest.raises(ValueError, match="none that is known"):
        read_request(pd.DataFrame())


def test_what_the_classifier_refuses_is_a_bad_request():
    from mlflow.exceptions import MlflowException

    served = ServedClassifier(Classifier(ValueError("Sentence 1: 세종 is not in it")))
    with pytest.raises(MlflowException, match="세종") as raised:
        served.predict(pd.DataFrame([WORDS]))
    assert raised.value.get_http_status_code() == 400


def test_a_fault_of_ours_is_not_the_asker_s():
    served = ServedClassifier(Classifier(RuntimeError("out of memory")))
    with pytest.raises(RuntimeError, match="out of memory"):
        served.predict(pd.DataFrame([WORDS]))


def test_no_rows_have_no_answers():
    answers = ServedClassifier(Classifier()).predict(pd.DataFrame({"sentence": []}))
    assert answers.columns.tolist() == list(ANSWER_COLUMNS)
    assert answers.empty
