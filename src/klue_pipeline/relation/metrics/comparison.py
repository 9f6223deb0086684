"""How sure one can be that a model beats another: paired bootstrap over the rows both scored.

Efron & Tibshirani, "An Introduction to the Bootstrap" (1993): draw as many rows as there are, with
replacement, judge both models on the same draw, and look at the spread of the difference.

What the interval does not hold is the luck of a training run: another seed of the same settings
differs by more than rows alone explain.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import CONFIDENCE, Interval, draw_weights, interval_ends
from klue_pipeline.evaluation.logits import require_usable_logits
from klue_pipeline.evaluation.scores import ScoreTable, require_same_origin
from klue_pipeline.evaluation.significance import McNemar, mcnemar
from klue_pipeline.evaluation.truth import LabelledScores, take_common_rows
from klue_pipeline.relation.metrics.resampled_metrics import ResampledMetrics


def compare_scores(
    challenger: LabelledScores, reference: LabelledScores, *, n_resamples: int, seed: int
) -> dict[str, Interval]:
    """Estimate by how much one model's scores are better than another's.

    The two are judged on the rows that both scored (the folds that both trained). A sentence that
    several folds held out is drawn as a whole, because its rows are no independent evidence.

    Args:
        challenger: Scores of the model in question.
        reference: Scores of the model it has to beat, over the same labels, rows and split.
        n_resamples: How many draws; 1000 settle the ends of a 95 % interval well enough.
        seed: Makes the draws; the same seed and rows give the same interval.

    Returns:
        ``micro_f1``, ``auprc`` and ``accuracy``, as :mod:`~klue_pipeline.relation.metrics.klue` has
        them, except that a label which a draw lacks is left out of that draw's AUPRC.

    Raises:
        ValueError: The tables were made for other labels, rows or folds, share no row, or
            ``n_resamples`` is not positive.
    """
    if n_resamples < 1:
        raise ValueError(f"Found n_resamples={n_resamples}; at least 1 was wanted.")
    common = _take_comparable_rows(challenger, reference)
    models = [ResampledMetrics(scores) for scores in common]
    observed = _differences(models, np.ones((len(common[0]), 1)))
    drawn = draw_weights(common[0].table, n_resamples, seed)
    draws = [_differences(models, weights) for weights in drawn]
    return {
        name: _interval(observed[name], np.concatenate([draw[name] for draw in draws]))
        for name in observed
    }


def _interval(observed: NDArray[np.floating], resampled: NDArray[np.floating]) -> Interval:
    value = float(observed[0])
    return Interval(value, *interval_ends(resampled, value, CONFIDENCE))


def _differences(
    models: list[ResampledMetrics], weights: NDArray[np.floating]
) -> dict[str, NDArray[np.float64]]:
    challenger, reference = (model(weights) for model in models)
    return {name: challenger[name] - reference[name] for name in challenger}


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
    common = _take_comparable_rows(first, second)
    for scores in common:
        require_usable_logits(scores.table.logits)
    is_first_time = _marks_first_times(common[0].table)
    correct = [(scores.predicted == scores.truth)[is_first_time] for scores in common]
    return mcnemar(*correct)


def _take_comparable_rows(first: LabelledScores, second: LabelledScores) -> list[LabelledScores]:
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
