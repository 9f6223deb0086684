"""How sure one can be that a model beats another: paired bootstrap over the rows both scored.

Efron & Tibshirani, "An Introduction to the Bootstrap" (1993): draw as many rows as there are, with
replacement, judge both models on the same draw, and look at the spread of the difference.

What the interval does not hold is the luck of a training run: another seed of the same settings
differs by more than rows alone explain.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.alignment import rows_common_to_all
from klue_pipeline.relation.evaluation import gold_ids, negative_id
from klue_pipeline.relation.params import LabelSet
from klue_pipeline.relation.resampled_metrics import ResampledMetrics
from klue_pipeline.relation.scores import ScoreTable, require_same_origin

CONFIDENCE = 0.95
"""Share of the bootstrap differences inside an interval."""

_CHUNK_WEIGHTS = 2_000_000
"""Weights held at a time; 8 MB, and as much again for each sum over them."""


@dataclass(frozen=True)
class Estimate:
    """A score and how far it may be from the truth.

    Attributes:
        value: On KLUE's scale, 0 to 100.
        low: Lower end of the interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Interval:
    """A difference of two scores and how far it may be from the truth.

    Attributes:
        difference: Score of the first model minus that of the second, on KLUE's scale (-100 to
            100).
        low: Lower end of the interval.
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
        ``micro_f1``, ``auprc`` and ``accuracy``, as :mod:`klue_pipeline.relation.metrics` defines
        them, except that a label which a draw lacks is left out of that draw's AUPRC.

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
    draws = [_differences(models, drawn) for drawn in draw_weights(tables[0], n_resamples, seed)]
    return {
        name: _interval(observed[name], np.concatenate([draw[name] for draw in draws]))
        for name in observed
    }


def draw_weights(scores: ScoreTable, n_resamples: int, seed: int) -> Iterator[NDArray[np.float32]]:
    """Draw sentences with replacement, some draws at a time.

    A sentence that several folds held out is drawn with all its rows: they are no independent
    evidence.

    Args:
        scores: The rows to draw from.
        n_resamples: How many draws.
        seed: Makes them; the same seed and rows give the same draws.

    Yields:
        How often each draw has each row: whole numbers, in single precision, which holds them
        exactly at half the size. Shape: (rows, draws of this part).
    """
    sentence, row_ids = pd.factorize(scores.row_ids)
    generator, n_sentences = np.random.default_rng(seed), len(row_ids)
    size = max(1, _CHUNK_WEIGHTS // len(scores))
    for first in range(0, n_resamples, size):
        drawn = np.empty((min(size, n_resamples - first), n_sentences), dtype=np.float32)
        for place in range(len(drawn)):
            chosen = generator.integers(n_sentences, size=n_sentences)
            drawn[place] = np.bincount(chosen, minlength=n_sentences)
        # Taking every row once would only copy them.
        by_row = drawn[:, sentence] if len(sentence) > n_sentences else drawn
        yield np.ascontiguousarray(by_row.T)


def interval_ends(
    draws: NDArray[np.floating], value: float, confidence: float
) -> tuple[float, float]:
    """Return the quantiles of draws, moved so that their mean is the value.

    Rows that a draw repeats share their rank, which raises the AUPRC of a label with few rows; that
    is a property of the draws and not of the model.

    Args:
        draws: A score, or a difference of two, in every draw. Shape: (draws,).
        value: The score itself.
        confidence: Share of the draws inside.
    """
    outside = (1 - confidence) / 2
    low, high = np.quantile(draws, [outside, 1 - outside]) + (value - draws.mean())
    return float(low), float(high)


def _interval(observed: NDArray[np.floating], resampled: NDArray[np.floating]) -> Interval:
    value = float(observed[0])
    return Interval(value, *interval_ends(resampled, value, CONFIDENCE))


def _differences(
    models: list[ResampledMetrics], weights: NDArray[np.floating]
) -> dict[str, NDArray[np.float64]]:
    challenger, reference = (model(weights) for model in models)
    return {name: challenger[name] - reference[name] for name in challenger}
