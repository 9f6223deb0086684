"""McNemar's test: whether two models err on different rows."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import binomtest

from klue_pipeline.evaluation.logits import require_usable_logits
from klue_pipeline.evaluation.scores import ScoreTable, require_same_origin
from klue_pipeline.evaluation.truth import LabelledScores, take_common_rows


@dataclass(frozen=True)
class McNemar:
    """On how many rows two models differ in being right, and how likely that is by chance.

    Attributes:
        rows: Rows that both were judged on.
        first_only: Rows that only the first model is right on.
        second_only: Rows that only the second model is right on.
        p_value: Probability of a difference at least as large, in either direction, if both were
            equally often right; 1 where they differ on no row.
    """

    rows: int
    first_only: int
    second_only: int
    p_value: float


def mcnemar(correct_first: ArrayLike, correct_second: ArrayLike) -> McNemar:
    """Test whether two models are right equally often.

    The test is exact for any number of rows, so that no approximation has to be chosen: of the rows
    on which they differ, each model wins a half if they are equally good (binomial, two-sided).

    Args:
        correct_first: Which rows the first model is right on. Each row must be a piece of evidence
            of its own. Shape: (rows,).
        correct_second: The same of the second model, in the same order.

    Raises:
        ValueError: There is no row, or the two numbers of rows differ.

    >>> mcnemar([True] * 5 + [False], [False] * 5 + [True])
    McNemar(rows=6, first_only=5, second_only=1, p_value=0.21875)
    """
    first, second = np.asarray(correct_first, np.bool_), np.asarray(correct_second, np.bool_)
    if first.shape != second.shape or first.ndim != 1 or not len(first):
        raise ValueError(
            f"Found outcomes of shapes {first.shape} and {second.shape}; one per row and model, "
            "and at least one row, were wanted."
        )
    first_only, second_only = int((first & ~second).sum()), int((second & ~first).sum())
    differing = first_only + second_only
    p_value = float(binomtest(first_only, differing).pvalue) if differing else 1.0
    return McNemar(len(first), first_only, second_only, p_value)


def compare_correctness(first: LabelledScores, second: LabelledScores) -> McNemar:
    """Test whether two models predict the true label equally often, on the rows both scored.

    A sentence that several folds held out counts once, by the first fold that both models scored
    it in: its other scores are about the same sentence and no further evidence, and their mean
    would be an ensemble's, not the model's.

    Args:
        first: Scores of one model.
        second: Scores of the other, over the same labels, rows and split.

    Raises:
        ValueError: The tables were made for other labels, rows or folds, share no row, or have a
            score that is not a number.
    """
    common = take_comparable_rows(first, second)
    for scores in common:
        require_usable_logits(scores.table.logits)
    is_first_time = _marks_first_times(common[0].table)
    correct = [(scores.predicted == scores.truth)[is_first_time] for scores in common]
    return mcnemar(*correct)


def take_comparable_rows(first: LabelledScores, second: LabelledScores) -> list[LabelledScores]:
    """Keep the rows that both models scored.

    Raises:
        ValueError: The tables were made for other labels, rows or folds, or share no row.
    """
    require_same_origin(first.table, second.table)
    common = take_common_rows([first, second])
    if not len(common[0]):
        raise ValueError("The two models scored no row in common; train the same folds of both.")
    return common


def _marks_first_times(scores: ScoreTable) -> NDArray[np.bool_]:
    """Mark one scored row per sentence, that of the lowest fold."""
    folds = np.zeros(len(scores)) if scores.folds is None else scores.folds
    order = np.argsort(folds, kind="stable")
    repeated = np.empty(len(scores), dtype=np.bool_)
    repeated[order] = pd.Series(scores.row_ids[order]).duplicated()
    return ~repeated
