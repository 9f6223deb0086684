"""How sure one can be that a model beats another: paired bootstrap over the rows both scored.

Efron & Tibshirani, "An Introduction to the Bootstrap" (1993): draw as many rows as there are, with
replacement, judge both models on the same draw, and look at the spread of the difference. A draw
is a weight per row (how often it was drawn), so no row is ever copied: F1 needs weighted sums, and
each precision-recall curve is sorted once and summed anew with every draw's weights.

What the interval does not hold is the luck of a training run: another seed of the same settings
differs by more than rows alone explain.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from klue_pipeline.relation.blend_report import rows_common_to_all
from klue_pipeline.relation.evaluation import gold_ids, negative_id
from klue_pipeline.relation.metrics import PERCENT
from klue_pipeline.relation.params import LabelSet
from klue_pipeline.relation.scores import ScoreTable, require_same_origin

CONFIDENCE = 0.95
"""Share of the bootstrap differences inside an interval."""

_CHUNK_WEIGHTS = 2_000_000
"""Weights held at a time; 16 MB, and as much again for each sum over them."""


@dataclass(frozen=True)
class Interval:
    """A difference of two scores and how far it may be from the truth.

    Attributes:
        difference: Score of the first model minus that of the second, on KLUE's scale (-100 to
            100).
        low: Lower end of the percentile interval.
        high: Upper end.
    """

    difference: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether the whole interval is on one side of zero."""
        return self.low > 0 or self.high < 0


def compare_scores(
    challenger: ScoreTable,
    reference: ScoreTable,
    gold: pd.Series,
    labels: LabelSet,
    *,
    n_resamples: int,
    seed: int,
) -> dict[str, Interval]:
    """Estimate by how much one model's scores are better than another's.

    The two are judged on the rows that both scored (the folds that both trained). A sentence that
    several folds held out is drawn as a whole, because its rows are no independent evidence.

    Args:
        challenger: Scores of the model in question.
        reference: Scores of the model it has to beat, over the same labels, rows and split.
        gold: True label names, indexed by row id; may list more rows than were scored.
        labels: The label set of the scores.
        n_resamples: How many draws; 1000 settle the ends of a 95 % interval well enough.
        seed: Makes the draws; the same seed and rows give the same interval.

    Returns:
        ``micro_f1`` and ``auprc``, as :mod:`klue_pipeline.relation.metrics` defines them, except
        that a label which a draw lacks is left out of that draw's AUPRC.

    Raises:
        ValueError: The tables were made for other labels, rows or folds, share no row, hold a row
            without a true label, or ``n_resamples`` is not positive.
    """
    require_same_origin(challenger, reference)
    if n_resamples < 1:
        raise ValueError(f"Found n_resamples={n_resamples}; at least 1 was wanted.")
    tables = rows_common_to_all([challenger, reference])
    if not len(tables[0]):
        raise ValueError("The two models scored no row in common; train the same folds of both.")
    truth, negative = gold_ids(tables[0], gold, labels), negative_id(labels)
    models = [ResampledMetrics(table, truth, negative) for table in tables]
    observed = _differences(models, np.ones((len(truth), 1)))
    draws = [_differences(models, drawn) for drawn in _draw_weights(tables[0], n_resamples, seed)]
    return {
        name: _interval(observed[name], np.concatenate([draw[name] for draw in draws]))
        for name in observed
    }


class ResampledMetrics:
    """Micro F1 and AUPRC of one model under any weighting of its rows."""

    def __init__(self, scores: ScoreTable, gold: NDArray[np.int64], negative: int | None) -> None:
        """Do once what every draw needs: predict, and sort the rows by each label's score.

        Args:
            scores: At least one row.
            gold: True label ids. Shape: (rows,).
            negative: Id of the label that means no relation, or None.
        """
        predicted, probabilities = scores.logits.argmax(axis=1), scores.probabilities
        is_gold, is_predicted = gold != negative, predicted != negative
        # Rows of this product are: correct relations, and relations in gold and prediction.
        self._relations = np.stack([is_gold & (gold == predicted), is_gold * 1 + is_predicted])
        self._curves = [
            _Curve(gold == label_id, probabilities[:, label_id]) for label_id in np.unique(gold)
        ]

    def __call__(self, weights: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        """Judge every draw.

        Args:
            weights: How often each draw has each row. Shape: (rows, draws).

        Returns:
            ``micro_f1`` and ``auprc``, 0 to 100, as
            :func:`klue_pipeline.relation.metrics.micro_f1` and
            :func:`~klue_pipeline.relation.metrics.auprc` would give them for the drawn rows.
            Shape of each: (draws,).
        """
        correct, relations = self._relations.astype(np.float64) @ weights
        areas = np.stack([curve.areas(weights) for curve in self._curves])
        return {
            "micro_f1": 2 * PERCENT * correct / np.maximum(relations, 1.0),
            "auprc": PERCENT * np.nanmean(areas, axis=0),
        }


class _Curve:
    """The precision-recall curve of one label, sorted once and weighted often.

    Only ties that hold a positive row move the curve to the right, so the sorted rows are cut into
    the ties that do (odd pieces) and everything between them (even pieces).
    """

    def __init__(self, is_positive: NDArray[np.bool_], scores: NDArray[np.floating]) -> None:
        """Cut the rows into pieces.

        Args:
            is_positive: Which rows have the label; at least one. Shape: (rows,).
            scores: How sure the model is of the label. Shape: (rows,).
        """
        levels = np.unique(scores[is_positive])[::-1]
        # Places among the descending levels: 2k before level k, 2k + 1 at it, 2k + 2 after it.
        piece = np.searchsorted(-levels, -scores, "left") + np.searchsorted(
            -levels, -scores, "right"
        )
        rows = np.arange(len(scores))
        self._taken = _sum_matrix(piece, rows, (2 * len(levels) + 1, len(scores)))
        self._found = _sum_matrix(
            piece[is_positive] // 2, rows[is_positive], (len(levels), len(scores))
        )

    def areas(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Integrate by trapezoids, ties together, from recall 0 with precision 1.

        Returns:
            The area in each draw, 0 to 1; NaN where no positive row was drawn. Shape: (draws,).
        """
        taken = np.cumsum(self._taken @ weights, axis=0)
        found = np.cumsum(self._found @ weights, axis=0)
        found_before = np.vstack([np.zeros_like(found[:1]), found[:-1]])
        height = _precision(found_before, taken[:-1:2]) + _precision(found, taken[1::2])
        doubled = ((found - found_before) * height).sum(axis=0)
        total = found[-1]
        areas: NDArray[np.float64] = np.full_like(total, np.nan)
        np.divide(doubled, 2 * total, out=areas, where=total > 0)
        return areas


def _sum_matrix(
    places: NDArray[np.int64], rows: NDArray[np.int64], shape: tuple[int, int]
) -> csr_array:
    """Return the matrix that adds up rows by their place. Shape: (places, rows)."""
    return csr_array((np.ones(len(rows)), (places, rows)), shape=shape)


def _precision(found: NDArray[np.float64], taken: NDArray[np.float64]) -> NDArray[np.float64]:
    """Divide; before any row is taken, precision is 1."""
    return np.divide(found, taken, out=np.ones_like(found), where=taken > 0)


def _draw_weights(scores: ScoreTable, n_resamples: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Draw sentences with replacement, some draws at a time. Shape of each: (rows, draws)."""
    sentence, row_ids = pd.factorize(scores.row_ids)
    generator, n_sentences = np.random.default_rng(seed), len(row_ids)
    shares = np.full(n_sentences, 1 / n_sentences)
    size = max(1, _CHUNK_WEIGHTS // len(scores))
    for first in range(0, n_resamples, size):
        drawn = generator.multinomial(n_sentences, shares, size=min(size, n_resamples - first))
        yield drawn.T[sentence].astype(np.float64)


def _interval(observed: NDArray[np.float64], resampled: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(float(observed[0]), float(low), float(high))


def _differences(
    models: list[ResampledMetrics], weights: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    challenger, reference = (model(weights) for model in models)
    return {name: challenger[name] - reference[name] for name in challenger}
