"""The file a KLUE-RE contest wants: one line per test row with its label and its probabilities."""

import ast
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.scores import ScoreTable

COLUMNS = ["id", "pred_label", "probs"]
SUM_TOLERANCE = 1e-6


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
) -> None:
    """Refuse a table that the contest would refuse, or score wrongly.

    Args:
        submission: The table to check.
        row_ids: Ids of all test rows in file order; None where they are not known, then ids must
            only differ from each other.
        label_names: Labels in the order of ``probs``; None where they are not known, then labels
            must only agree with each other.

    Raises:
        ValueError: Naming the first bad row: wrong columns, ids or their order; a label that is
            unknown or not the most probable one; ``probs`` that are no list of floats, of the
            wrong length, outside 0 to 1 or with another sum than 1.
    """
    if list(submission.columns) != COLUMNS:
        raise ValueError(
            f"A submission has the columns {COLUMNS}; found {list(submission.columns)}."
        )
    _check_ids(submission["id"].tolist(), row_ids)
    n_labels = None if label_names is None else len(label_names)
    probabilities = _parse_probabilities(submission, n_labels)
    _check_distributions(submission, probabilities)
    _check_labels(submission, probabilities, label_names)


def _check_ids(found: list[str], wanted: Sequence[str] | None) -> None:
    if wanted is None:
        repeated = pd.Index(found)[pd.Index(found).duplicated()]
        if len(repeated):
            raise ValueError(f"Every id stands once in a submission; {repeated[0]!r} is repeated.")
        return
    if len(found) != len(wanted):
        raise ValueError(
            f"A submission has one row per test row: {len(wanted)}; found {len(found)} rows."
        )
    for position, (own, other) in enumerate(zip(found, wanted, strict=True)):
        if own != other:
            raise ValueError(
                f"Row {position} has id {own!r}; the test file has {other!r} there. "
                "Keep the rows in file order."
            )


def _parse_probabilities(submission: pd.DataFrame, n_labels: int | None) -> NDArray[np.float64]:
    rows: list[list[float]] = []
    for position, text in enumerate(submission["probs"]):
        values = _parse_list(text)
        wanted = n_labels or len(rows[0] if rows else values)
        if not values or len(values) != wanted:
            raise ValueError(
                f"{_place(submission, position)}: probs must be a list of "
                f"{wanted or 'at least one'} numbers as text; found {str(text)[:60]!r}."
            )
        rows.append(values)
    return np.array(rows, dtype=np.float64).reshape(len(rows), -1)


def _parse_list(text: object) -> list[float]:
    """Return the numbers that ``text`` lists, or an empty list if it lists none."""
    try:
        values = ast.literal_eval(str(text))
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    is_list = isinstance(values, list) and all(type(value) in (int, float) for value in values)
    return values if is_list else []


def _check_distributions(submission: pd.DataFrame, probabilities: NDArray[np.float64]) -> None:
    in_range = ((probabilities >= 0) & (probabilities <= 1)).all(axis=1)
    sums = probabilities.sum(axis=1)
    bad = np.flatnonzero(~in_range | (np.abs(sums - 1) > SUM_TOLERANCE))
    if len(bad):
        row = probabilities[bad[0]]
        raise ValueError(
            f"{_place(submission, int(bad[0]))}: probs must lie in 0 to 1 and sum to 1; found "
            f"{row.min():.6g} to {row.max():.6g} with sum {row.sum():.6g}."
        )


def _check_labels(
    submission: pd.DataFrame, probabilities: NDArray[np.float64], names: Sequence[str] | None
) -> None:
    best_ids = probabilities.argmax(axis=1)
    label_of = dict(enumerate(names)) if names is not None else {}
    for position, (label, best) in enumerate(zip(submission["pred_label"], best_ids, strict=True)):
        if names is not None and label not in names:
            raise ValueError(f"{_place(submission, position)}: unknown label {label!r}.")
        wanted = label_of.setdefault(int(best), label)
        if label != wanted:
            raise ValueError(
                f"{_place(submission, position)}: pred_label is {label!r}, but the largest of "
                f"probs belongs to {wanted!r}; are the probs in label order?"
            )


def _place(submission: pd.DataFrame, position: int) -> str:
    return f"Row {position} (id {submission['id'].iloc[position]})"
