"""Whether the audit finds labels that the cleaning rule ``flip_labels`` made wrong on purpose."""

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.label_audit.confident import Judgement
from klue_pipeline.relation.label_audit.rows import AuditedRows
from klue_pipeline.relation.metrics.targets import map_gold
from klue_pipeline.relation.settings.params import TargetParams

logger = logging.getLogger(__name__)

FLIP_RULE = "flip_labels"
"""The cleaning rule whose changes of the column ``label`` are known to be errors."""

TOP_SHARES = (0.01, 0.03, 0.05)
"""How many suspects are looked at, as shares of the audited rows; and as many as were flipped."""

_CURVE_POINTS = 200


def validate_audit(
    audited: AuditedRows,
    judgement: Judgement,
    changed_rows: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
) -> dict[str, Any] | None:
    """Compare the ranking with the labels that were flipped on purpose.

    A flip counts only if it makes the model's own answer wrong: another relation is no error to a
    binary model. Errors that were in the data before count as false alarms, so that precision is a
    lower bound.

    Args:
        audited: The audited rows, with flipped labels.
        judgement: What confident learning says about them.
        changed_rows: What cleaning changed: ``row_id``, ``rule``, ``column``, ``before``.
        labels: The label set of the task.
        target: Which question the model answers.

    Returns:
        None if nothing was flipped, or no flipped row was audited. Else ``flipped_rows``,
        ``audited_flipped_rows``, their share (``flipped_share``, which is also the precision and
        the average precision that chance gives), ``average_precision``, ``top``: precision and
        recall among the first rows, and the recall that chance gives; ``issues``: the same for the
        rows called issues; ``suggestion_is_true_share`` of the flipped rows; and ``curve``, points
        of precision and recall. All from 0 to 1.

    Raises:
        ValueError: A flipped row's former label is not in the label set, or a row was flipped
            twice.
    """
    former = _former_labels(changed_rows)
    truth = map_gold(former, labels, target).reindex(audited.rows["row_id"])
    was_flipped = audited.rows["row_id"].isin(former.index).to_numpy(dtype=bool)
    # A former label without an answer to the model's question is never the given one.
    true_id = pd.Index(audited.labels.names).get_indexer(pd.Index(truth))
    is_wrong = was_flipped & (true_id != audited.given)
    if not is_wrong.any():
        if len(former):
            logger.warning("%d labels were flipped, but none of an audited row.", len(former))
        return None
    found = np.cumsum(is_wrong[judgement.order])
    return {
        "flipped_rows": len(former),
        "audited_flipped_rows": int(found[-1]),
        "flipped_share": float(is_wrong.mean()),
        "average_precision": average_precision(found),
        "top": [_judge_top(found, size) for size in _top_sizes(found)],
        "issues": _judge(int(is_wrong[judgement.is_issue].sum()), judgement.is_issue, is_wrong),
        "suggestion_is_true_share": float((judgement.suggested == true_id)[is_wrong].mean()),
        "curve": [_judge_top(found, size) for size in _curve_sizes(len(found))],
    }


def average_precision(found: NDArray[np.int64] | Sequence[int]) -> float:
    """Return the mean of the precision at each wrong row of a ranking, 0 to 1.

    Args:
        found: Wrong rows among the first 1, 2, … rows; at least one in all. Shape: (rows,).

    >>> average_precision([1, 1, 2, 2])  # wrong are ranks 1 and 3: (1/1 + 2/3) / 2
    0.8333333333333333
    """
    counts = np.asarray(found)
    precision = counts / np.arange(1, len(counts) + 1)
    return float(precision[np.diff(counts, prepend=0) > 0].mean())


def _former_labels(changed_rows: pd.DataFrame) -> pd.Series:
    is_flip = changed_rows["rule"].eq(FLIP_RULE) & changed_rows["column"].eq("label")
    flipped = changed_rows[is_flip].rename(columns={"before": "label"})
    # A table without rows reads back without types.
    return gold_by_row(flipped.astype({"row_id": "str", "label": "str"}))


def _top_sizes(found: NDArray[np.int64]) -> list[int]:
    shares = (round(share * len(found)) for share in TOP_SHARES)
    return sorted({max(1, size) for size in (int(found[-1]), *shares)})


def _curve_sizes(n_rows: int) -> list[int]:
    """Return sizes of the top, dense at its head, where a reviewer looks."""
    sizes: NDArray[np.float64] = np.geomspace(1, n_rows, _CURVE_POINTS)
    return sorted({round(size) for size in sizes.tolist()})


def _judge_top(found: NDArray[np.int64], size: int) -> dict[str, float | int]:
    hits = int(found[size - 1])
    return _measures(hits, size, len(found), int(found[-1]))


def _judge(
    hits: int, is_issue: NDArray[np.bool_], is_wrong: NDArray[np.bool_]
) -> dict[str, float | int]:
    return _measures(hits, int(is_issue.sum()), len(is_issue), int(is_wrong.sum()))


def _measures(hits: int, size: int, n_rows: int, n_wrong: int) -> dict[str, float | int]:
    return {
        "rows": size,
        "share": size / n_rows,
        "found": hits,
        "precision": hits / max(size, 1),
        "recall": hits / n_wrong,
        "precision_by_chance": n_wrong / n_rows,
        "recall_by_chance": size / n_rows,
    }
