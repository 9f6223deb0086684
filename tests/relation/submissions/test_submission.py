"""Submissions: what is written, and what is refused."""

import ast
import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.klue import auprc
from klue_pipeline.relation.submissions.submission import (
    encode_submission,
    hash_submission,
    index_labels,
    make_submission,
    validate_submission,
)

NAMES = ["no_relation", "per:title", "org:members"]
ROW_IDS = ["0", "1", "2", "3"]


def score_rows(logits, row_ids=ROW_IDS):
    logits = np.asarray(logits, dtype=np.float32)
    return ScoreTable(np.array(row_ids, dtype=object), logits, tuple(NAMES))


def parse(submission):
    return np.array([ast.literal_eval(text) for text in submission["probs"]])


@pytest.fixture
def submission():
    logits = np.log([[5, 3, 2], [1, 8, 1], [2, 2, 6], [1, 1, 1]])
    return make_submission(score_rows(logits), ROW_IDS, NAMES)


def test_a_submission_has_one_line_per_test_row_in_file_order(submission):
    assert submission.columns.tolist() == ["id", "pred_label", "probs"]
    assert submission["id"].tolist() == ROW_IDS
    assert submission["pred_label"].tolist() == [*NAMES[:3], NAMES[0]]
    np.testing.assert_allclose(parse(submission)[:2], [[0.5, 0.3, 0.2], [0.1, 0.8, 0.1]], rtol=1e-6)


def test_rows_scored_in_another_order_are_sorted():
    scores = score_rows([[9, 0, 0], [0, 9, 0]], row_ids=["b", "a"])
    assert make_submission(scores, ["a", "b"], NAMES)["pred_label"].tolist() == NAMES[1::-1]


@given(st.integers(0, 2**32 - 1), st.floats(0, 40))
@settings(max_examples=40, deadline=None)
def test_whatever_the_scores_the_submission_is_valid(seed, scale):
    logits = np.random.default_rng(seed).normal(size=(4, 3)) * scale
    made = make_submission(score_rows(logits), ROW_IDS, NAMES)
    probabilities = parse(made)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert made["pred_label"].tolist() == [NAMES[best] for best in probabilities.argmax(axis=1)]


def test_the_written_probabilities_score_exactly_as_the_scores_do():
    rng = np.random.default_rng(0)
    gold, logits = rng.integers(0, 3, size=500), rng.normal(size=(500, 3)) * 12
    row_ids = [str(row) for row in range(500)]
    scores = score_rows(logits, row_ids)
    written = parse(make_submission(scores, row_ids, NAMES))
    assert auprc(gold, written) == auprc(gold, scores.probabilities)


@pytest.mark.parametrize(
    ("row_ids", "names", "message"),
    [
        ([*ROW_IDS, "4"], NAMES, "1 row without a score, among them .*4"),
        (ROW_IDS, NAMES[::-1], "score the test rows again"),
        (ROW_IDS, NAMES[:2], "score the test rows again"),
    ],
)
def test_scores_that_do_not_fit_are_refused(row_ids, names, message):
    with pytest.raises(ValueError, match=message):
        make_submission(score_rows(np.zeros((4, 3))), row_ids, names)


def test_scores_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match=r"Row 1 \(id 1\): probs must be a list"):
        make_submission(score_rows([[0] * 3, [np.nan, 0, 0], [0] * 3, [0] * 3]), ROW_IDS, NAMES)


def test_the_first_bad_row_is_named(submission):
    submission.loc[2:, "pred_label"] = "per:job"
    with pytest.raises(ValueError, match=r"Row 2 \(id 2\): unknown label 'per:job'"):
        validate_submission(submission, ROW_IDS, NAMES)
    with pytest.raises(ValueError, match=r"Row 3 .*belongs to 'no_relation'"):
        validate_submission(submission)


def test_a_file_is_known_by_its_bytes_before_it_is_written(submission):
    expected = (
        "id,pred_label,probs\n"
        + "".join(
            f'{row.id},{row.pred_label},"{row.probs}"\n'
            for row in submission.itertuples(index=False)
        )
    ).encode()
    assert encode_submission(submission) == expected
    assert hash_submission(submission) == hashlib.sha256(expected).hexdigest()
    assert hash_submission(submission.iloc[::-1]) != hash_submission(submission)


def test_labels_are_known_by_the_hash_of_their_file(caplog):
    ours = pd.DataFrame({"id": ["0", "1"], "pred_label": ["인물", "x"], "probs": ["[1]", "[1]"]})
    other = ours.assign(id=["0", "2"])
    found = index_labels([other, ours], ["0", "1"])
    assert {sha256: names.tolist() for sha256, names in found.items()} == {
        hash_submission(ours): ["인물", "x"]
    }
    assert "1 of 2 submission files are not of these 2 test rows" in caplog.text
