"""Submission files from elsewhere as members of a vote."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.relation.submissions.plain_submissions import (
    SubmissionShelf,
    read_plain_submissions,
    score_submission,
)
from klue_pipeline.relation.submissions.submission import make_submission

NAMES = ["no_relation", "per:title", "org:members"]
ROW_IDS = ["0", "007", "가-2"]


def submit(probabilities=((0.5, 0.25, 0.25), (0.1, 0.9, 0), (0, 0, 1)), **columns):
    best = np.argmax(probabilities, axis=1)
    made = {
        "id": ROW_IDS,
        "pred_label": [NAMES[place] for place in best],
        "probs": [str(list(row)) for row in probabilities],
    }
    return pd.DataFrame({**made, **columns}, dtype=str)


def test_probabilities_become_scores_of_the_test_rows():
    table = score_submission(submit(), ROW_IDS, NAMES)
    assert table.row_ids.tolist() == ROW_IDS
    assert table.labels == tuple(NAMES)
    assert (table.folds, table.fingerprint) == (None, {})
    assert table.logits.dtype == np.float32
    np.testing.assert_allclose(table.logits[0], np.log([0.5, 0.25, 0.25]), rtol=1e-6)
    assert table.predictions.tolist() == NAMES


def test_a_probability_of_0_becomes_the_floor_of_an_average():
    table = score_submission(submit(), ROW_IDS, NAMES)
    assert np.isfinite(table.logits).all()
    averaged = average_probabilities(
        [ScoreTable(table.row_ids, np.array([[0, -1e4, 0]] * 3, np.float32), tuple(NAMES))]
    )
    assert table.logits[2, 0] == averaged.logits[0, 1]
    np.testing.assert_allclose(table.probabilities[2], [0, 0, 1], atol=1e-37)


def test_probabilities_that_are_whole_numbers_are_read():
    table = score_submission(submit(((1, 0, 0), (0, 1, 0), (0, 0, 1))), ROW_IDS, NAMES)
    assert table.predictions.tolist() == NAMES


def test_numbers_that_only_python_writes_are_read():
    table = score_submission(
        submit(probs=["[.5,.25,2.5e-1]", "[0,1.,0]", "[0, 0, 1,]"]), ROW_IDS, NAMES
    )
    np.testing.assert_allclose(
        table.probabilities, [[0.5, 0.25, 0.25], [0, 1, 0], [0, 0, 1]], atol=1e-7
    )


@given(st.integers(0, 2**32 - 1), st.floats(0.1, 20))
@settings(max_examples=30, deadline=None)
def test_a_submission_of_this_project_comes_back(seed, scale):
    logits = (np.random.default_rng(seed).normal(size=(3, 3)) * scale).astype(np.float32)
    scores = ScoreTable(np.array(ROW_IDS, dtype=object), logits, tuple(NAMES))
    table = score_submission(make_submission(scores, ROW_IDS, NAMES), ROW_IDS, NAMES)
    np.testing.assert_allclose(table.probabilities, scores.probabilities, rtol=1e-5, atol=1e-30)


BAD = {
    "not a number": ({"probs": ["[nan, 0.5, 0.5]", "[0, 1, 0]", "[0, 0, 1]"]}, "list of 3 numbers"),
    "code": ({"probs": ["[__import__('os'), 0, 1]"] * 3}, "list of 3 numbers"),
    "scores": ({"probs": ["[3.0, -1.0, 0.5]"] * 3}, "in 0 to 1 and sum to 1"),
    "another sum": ({"probs": ["[0.5, 0.2, 0.2]"] * 3}, "sum 0.9"),
    "another label": ({"pred_label": [NAMES[0]] * 3}, "largest of probs belongs to 'per:title'"),
    "other rows": ({"id": ["0", "007", "8"]}, "'가-2'"),
    "other order": ({"id": ["007", "0", "가-2"]}, "file order"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_submission_is_refused(case):
    columns, message = BAD[case]
    with pytest.raises(ValueError, match=message):
        score_submission(submit(**columns), ROW_IDS, NAMES)


def test_labels_in_another_order_are_refused():
    with pytest.raises(ValueError, match="are the probs in label order"):
        score_submission(submit(), ROW_IDS, NAMES[::-1])


def test_sound_files_vote_and_the_others_are_named():
    shelf = SubmissionShelf(
        {"kim.csv": submit(), "lee.csv": submit(id=["0", "1", "2"]), "park.csv": submit()[:2]},
        {"choi.zip": "an archive"},
    )
    found = read_plain_submissions(shelf, ROW_IDS, NAMES)
    assert list(found.test_scores) == ["kim.csv"]
    assert found.refused.keys() == {"choi.zip", "lee.csv", "park.csv"}
    assert found.refused["choi.zip"] == "an archive"
    assert found.refused["park.csv"].startswith("park.csv is no submission for these test rows:")
    assert shelf.refused == {"choi.zip": "an archive"}


def test_no_files_are_no_submissions():
    found = read_plain_submissions(SubmissionShelf(), ROW_IDS, NAMES)
    assert (found.test_scores, found.refused) == ({}, {})
