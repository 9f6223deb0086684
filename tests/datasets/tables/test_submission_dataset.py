"""Submissions on disk."""

import csv
import hashlib

import pandas as pd
import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.tables.submission import SubmissionDataset
from klue_pipeline.relation.submissions.submission import hash_submission


@pytest.fixture
def submission():
    return pd.DataFrame(
        {
            "id": ["0", "007", "2"],
            "pred_label": ["org:members", "인물:직업", "org:members"],
            "probs": ["[0.9, 0.1]", "[1e-07, 0.9999999]", "[0.5, 0.5]"],
        }
    )


def test_the_file_is_what_the_contest_wants(tmp_path, submission):
    path = tmp_path / "reports" / "submission.csv"
    SubmissionDataset(filepath=str(path)).save(submission)
    text = path.read_bytes().decode("utf-8")
    assert text.startswith('id,pred_label,probs\n0,org:members,"[0.9, 0.1]"\n007,인물:직업,')
    rows = list(csv.reader(text.splitlines()))
    assert rows[1:] == submission.to_numpy().tolist()
    assert [found.name for found in path.parent.iterdir()] == ["submission.csv"]


def test_the_hash_of_a_table_is_that_of_its_file_before_and_after(tmp_path, submission):
    dataset = SubmissionDataset(filepath=str(tmp_path / "submission.csv"))
    dataset.save(submission)
    pd.testing.assert_frame_equal(dataset.load(), submission.astype(str))
    written = hashlib.sha256((tmp_path / "submission.csv").read_bytes()).hexdigest()
    assert hash_submission(submission) == hash_submission(dataset.load()) == written


@pytest.mark.parametrize(
    ("column", "row", "value", "message"),
    [
        ("probs", 1, "[0.9, 0.2]", r"Row 1 \(id 007\): probs must lie in 0 to 1 and sum to 1"),
        ("id", 1, "0", "Every id stands once in a submission; '0' is repeated"),
        ("pred_label", 2, "인물:직업", r"Row 2 \(id 2\): pred_label is '인물:직업'"),
    ],
)
def test_an_invalid_submission_is_not_written(tmp_path, submission, column, row, value, message):
    path = tmp_path / "submission.csv"
    dataset = SubmissionDataset(filepath=str(path))
    dataset.save(submission)
    before = path.read_bytes()
    bad = submission.copy()
    bad.loc[row, column] = value
    with pytest.raises(DatasetError, match=f"was not written: {message}"):
        dataset.save(bad)
    assert path.read_bytes() == before


def test_a_missing_or_empty_file_is_named(tmp_path):
    path = tmp_path / "submission.csv"
    for content in (None, b""):
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(DatasetError, match=r"Cannot read .*submission\.csv"):
            SubmissionDataset(filepath=str(path)).load()
