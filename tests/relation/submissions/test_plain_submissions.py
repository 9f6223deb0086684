"""Submission files from elsewhere as members of a vote."""

import numpy as np
import pandas as pd
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
