"""The file a KLUE-RE contest wants: one line per test row with its label and its probabilities."""

import hashlib
import logging
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.submissions.submission_problems import SUM_TOLERANCE, find_problems
from klue_pipeline.text.csv_tables import encode_csv

logger = logging.getLogger(__name__)


def make_submission(
    scores: ScoreTable, row_ids: Sequence[str], label_names: Sequence[str]
) -> pd.DataFrame:
    """Write scores the way the contest wants them, and check the result.

    Probabilities keep all their digits: AUPRC ranks rows by them, and rounding to six decimals
    makes one rank of all that are nearly 0 or nearly 1.

    Args:
        scores: Scores of the test rows, in any order.
        row_ids: Ids of all test rows in file order.
        label_names: Labels in the order that ``probs`` must have.

    Returns:
        ``id``, ``pred_label`` and ``probs`` (a Python list of floats as text), one row per test
        row in file order.

    Raises:
        ValueError: The scores were made for other labels, a test row has no score, or the result
            is not a valid submission.
    """
    if list(scores.labels) != list(label_names):
        raise ValueError(
            f"Scores are in the label order {list(scores.labels)[:3]}…, the submission needs "
            f"{list(label_names)[:3]}…; score the test rows again with this label set."
        )
    probabilities = scores.in_order_of(list(row_ids)).probabilities
    names = np.array(label_names, dtype=object)
    submission = pd.DataFrame(
        {
            "id": list(row_ids),
            "pred_label": names[probabilities.argmax(axis=1)],
            "probs": [repr(row) for row in probabilities.tolist()],
        }
    )
    validate_submission(submission, row_ids, label_names)
    return submission


def validate_submission(
    submission: pd.DataFrame,
    row_ids: Sequence[str] | None = None,
    label_names: Sequence[str] | None = None,
    sum_tolerance: float = SUM_TOLERANCE,
) -> None:
    """Refuse a table that the contest would refuse, or score wrongly.

    Args:
        submission: The table to check.
        row_ids: Ids of all test rows in file order; None where they are not known, then ids must
            only differ from each other.
        label_names: Labels in the order of ``probs``; None where they are not known, then labels
            must only agree with each other.
        sum_tolerance: Largest distance of a row's sum from 1.

    Raises:
        ValueError: Naming the first bad row: wrong columns, ids or their order; a label that is
            unknown or not the most probable one; ``probs`` that are no list of floats, of the
            wrong length, outside 0 to 1 or with another sum than 1.
            :func:`klue_pipeline.relation.submissions.submission_problems.find_problems` names all.
    """
    problems = find_problems(submission, row_ids, label_names, sum_tolerance)
    if problems:
        raise ValueError(problems[0].at(f"Row {problems[0].row}"))


def encode_submission(submission: pd.DataFrame) -> bytes:
    """Write a submission as the bytes of its file: CSV in UTF-8, lines end in a line feed."""
    return encode_csv(submission, escape_formulas=False)


def hash_submission(submission: pd.DataFrame) -> str:
    """Return the SHA-256 of the file that a submission makes, by which the ledger knows it."""
    return hashlib.sha256(encode_submission(submission)).hexdigest()


def index_labels(
    submissions: Iterable[pd.DataFrame], row_ids: Sequence[str]
) -> dict[str, NDArray[np.object_]]:
    """Key the labels of submission files by their SHA-256, for the ledger to compare them.

    Args:
        submissions: Tables of ``id``, ``pred_label`` and ``probs``, all as text.
        row_ids: Ids of all test rows in file order.

    Returns:
        The labels of the files of these test rows. Files of others, which a data folder has kept
        from before its test file was another one, are counted in the log: they can neither be
        compared nor submitted.
    """
    tables = list(submissions)
    wanted = list(row_ids)
    fitting = [table for table in tables if table["id"].tolist() == wanted]
    if len(fitting) < len(tables):
        logger.warning(
            "%d of %d submission files are not of these %d test rows; make them again to submit "
            "them.",
            len(tables) - len(fitting),
            len(tables),
            len(wanted),
        )
    return {hash_submission(table): table["pred_label"].to_numpy(dtype=object) for table in fitting}
