"""How sure one can be that a model beats another: paired bootstrap over the rows both scored.

Efron & Tibshirani, "An Introduction to the Bootstrap" (1993): draw as many rows as there are, with
replacement, judge both models on the same draw, and look at the spread of the difference.

What the interval does not hold is the luck of a training run: another seed of the same settings
differs by more than rows alone explain.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.alignment import rows_common_to_all
from klue_pipeline.evaluation.intervals import CONFIDENCE, Interval, draw_weights, interval_ends
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.logits import require_usable_logits
from klue_pipeline.evaluation.scores import ScoreTable, require_same_origin
from klue_pipeline.evaluation.significance import McNemar, mcnemar
from klue_pipeline.evaluation.truth import gold_ids, negative_id
from klue_pipeline.relation.metrics.resampled_metrics import ResampledMetrics


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
        ``micro_f1``, ``auprc`` and ``accuracy``, as :mod:`~klue_pipeline.relation.metrics.klue` has
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


def _interval(observed: NDArray[np.floating], resampled: NDArray[np.floating]) -> Interval:
    value = float(observed[0])
    return Interval(value, *interval_ends(resampled, value, CONFIDENCE))


def _differences(
    models: list[ResampledMetrics], weights: NDArray[np.floating]
) -> dict[str, NDArray[np.float64]]:
    challenger, reference = (model(weights) for model in models)
    return {name: challenger[name] - reference[name] for name in challenger}


def compare_correctness(
    first: ScoreTable, second: ScoreTable, gold: pd.Series, labels: LabelSet
) -> McNemar:
    """Test whether two models predict the true label equally often, on the rows both scored.

    A sentence that several folds held out counts once, by the first fold that both models scored
    it in: its other scores are about the same sentence and no further evidence, and their mean
    would be an ensemble's, not the model's.

    Args:
        first: Scores of one model.
        second: Scores of the other, over the same labels, rows and split.
        gold: True label names, indexed by row id; may list more rows than were scored.
        labels: The label set of the scores.

    Raises:
        ValueError: The tables were made for other labels, rows or folds, share no row, hold a row
            without a true label, or a score that is not a number.
    """
    require_same_origin(first, second)
    tables = rows_common_to_all([first, second])
    if not len(tables[0]):
        raise ValueError("The two models scored no row in common; train the same folds of both.")
    for table in tables:
        require_usable_logits(table.logits)
    truth = gold_ids(tables[0], gold, labels)
    is_first_time = _marks_first_times(tables[0])
    correct = [(table.logits.argmax(axis=1) == truth)[is_first_time] for table in tables]
    return mcnemar(*correct)


def _marks_first_times(scores: ScoreTable) -> np.ndarray:
    """Mark one scored row per sentence, that of the lowest fold."""
    folds = np.zeros(len(scores)) if scores.folds is None else scores.folds
    order = np.argsort(folds, kind="stable")
    repeated = np.empty(len(scores), dtype=np.bool_)
    repeated[order] = pd.Series(scores.row_ids[order]).duplicated()
    return ~repeated
