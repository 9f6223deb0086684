"""What averaging the folds' models brings on the test rows.

An out-of-fold row is scored by the one model that did not see it, a test row by the mean of all
folds' models. The mean is better, so out-of-fold scores are too low for a submission; by how much
can be read from unlabelled test rows, because only where the models disagree can a mean differ.

The gain is a plug-in estimate. Labels are drawn from the mean's probabilities, brought to the
population's shares and softened until the single models are as accurate on these labels as they
were on re-weighted out-of-fold rows; then mean and single models are judged by them. Probabilities
are not sharpened for that, unless out-of-fold rows show that they are not sure enough (as those of
a blend are): where they still leave the single models short of their out-of-fold accuracy, the test
rows are harder than their labels' shares explain, and the report says so (``confidence_gap``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import softmax

from klue_pipeline.evaluation.calibration import fit_temperature
from klue_pipeline.evaluation.intervals import PERCENT, Judgement
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.judgement import TargetPopulation
from klue_pipeline.relation.metrics.relabelled_metrics import RelabelledMetrics
from klue_pipeline.relation.metrics.resampled_metrics import METRICS
from klue_pipeline.relation.settings.evaluation_params import SHIFT
from klue_pipeline.relation.shift.weights import label_shares

N_LABELLINGS = 20
"""Drawn labellings of the test rows; their mean moves by about a tenth of a point."""

LEAST_SHARE_OF_GAIN, MOST_SHARE_OF_GAIN = 0.5, 1.5
"""How much of the estimated gain an interval takes for possible."""

_LONGEST_SOFTENING = 10.0
_FLOOR = 1e-12


@dataclass(frozen=True)
class AveragingGain:
    """By how much the mean of the folds' models is better than one of them.

    Attributes:
        gains: Points of ``micro_f1``, ``auprc`` and ``accuracy``.
        confidence_gap: Points of accuracy that the re-weighted out-of-fold rows promise a single
            model, and that its own folds do not believe it has on the test rows; 0 if they do.
            None where each of them gives one label to all test rows: its accuracy is then the share
            of that label, whatever the rows are like.
    """

    gains: dict[str, float]
    confidence_gap: float | None


def gain_of_submission(
    folds: Sequence[ScoreTable],
    scores: LabelledScores,
    judgement: Judgement,
    population: TargetPopulation | None,
    seed: int,
) -> AveragingGain | None:
    """Estimate what averaging brings to scores that were judged out of fold.

    Args:
        folds: Test scores of each fold's model.
        scores: The out-of-fold scores. Their temperature sharpens where they are not sure enough.
        judgement: Of these scores.
        population: Where the submission will be judged; None for rows like those of training.
        seed: Draws labels.

    Returns:
        None for a single fold, whose model is the submission.
    """
    if len(folds) <= 1:
        return None
    training = label_shares(scores.truth, len(folds[0].labels))
    shares = (training, training if population is None else population.shares)
    accuracy = judgement.scores["accuracy" if population is None else f"{SHIFT}accuracy"]
    least = min(fit_temperature(scores.table.logits, scores.truth), 1.0)
    gain = estimate_gain(folds, shares, accuracy, scores.negative_id, seed, least_softening=least)
    return replace(gain, confidence_gap=None) if _tell_nothing_apart(folds) else gain


def estimate_gain(
    folds: Sequence[ScoreTable],
    shares: tuple[NDArray[np.float64], NDArray[np.float64]],
    accuracy: float,
    negative_id: int | None,
    seed: int,
    *,
    least_softening: float = 1.0,
) -> AveragingGain:
    """Estimate what averaging brings, from test rows without labels.

    Args:
        folds: Test scores of each fold's model, over the same rows in the same order; one fold
            gains nothing.
        shares: Shares of labels among training and target rows. Shape of each: (labels,).
        accuracy: What a single model reaches on re-weighted out-of-fold rows, 0 to 100.
        negative_id: Id of the label that means no relation, or None.
        seed: Draws the labels.
        least_softening: What logarithms are divided by at least; below 1 sharpens.

    Raises:
        ValueError: The folds scored other rows.
    """
    mean = average_probabilities(list(folds))
    likely = _Likely(mean.probabilities, _log_ratio(*shares))
    predictions = [table.logits.argmax(axis=1) for table in folds]
    softening, gap = _soften_until(likely, predictions, accuracy / PERCENT, least_softening)
    generator = np.random.default_rng(seed)
    drawn = [_draw_labels(likely.at(softening), generator) for _ in range(N_LABELLINGS)]
    models = [RelabelledMetrics(table, negative_id) for table in (mean, *folds)]
    differences = [_differences(models, labels) for labels in drawn]
    gains = np.mean(differences, axis=0) if len(folds) > 1 else np.zeros(len(METRICS))
    return AveragingGain(dict(zip(METRICS, gains.tolist(), strict=True)), gap * PERCENT)


def _tell_nothing_apart(folds: Sequence[ScoreTable]) -> bool:
    return all(len(np.unique(table.logits.argmax(axis=1))) == 1 for table in folds)


def spread_of_gain(gain: float, n_draws: int, seed: int) -> NDArray[np.float64]:
    """Draw how large a gain may really be: the estimate, give or take half of it. (draws,)."""
    generator = np.random.default_rng(seed)
    shares = generator.uniform(LEAST_SHARE_OF_GAIN, MOST_SHARE_OF_GAIN, size=n_draws)
    return np.asarray(gain * shares)


@dataclass(frozen=True)
class _Likely:
    """What the mean of the models holds for likely. Shape of the first: (rows, labels)."""

    probabilities: NDArray[np.float64]
    log_ratio: NDArray[np.float64]

    def at(self, softening: float) -> NDArray[np.float64]:
        """Return label probabilities under the population's shares. Shape: (rows, labels)."""
        logarithms = np.log(self.probabilities + _FLOOR) / softening
        return np.asarray(softmax(logarithms + self.log_ratio, axis=1))


def _log_ratio(
    training_shares: NDArray[np.float64], target_shares: NDArray[np.float64]
) -> NDArray[np.float64]:
    ratio = np.divide(
        target_shares, training_shares, out=np.zeros_like(target_shares), where=training_shares > 0
    )
    return np.asarray(np.log(ratio + _FLOOR))


def _soften_until(
    likely: _Likely, predictions: list[NDArray[np.int64]], accuracy: float, least: float
) -> tuple[float, float]:
    """Return the softening at which single models have an accuracy, and what is missing at most."""

    def surplus(softening: float) -> float:
        at = likely.at(softening)
        rows = np.arange(len(at))
        return float(np.mean([at[rows, predicted].mean() for predicted in predictions])) - accuracy

    unsoftened = surplus(least)
    if unsoftened <= 0 or surplus(_LONGEST_SOFTENING) >= 0:
        return (least, -unsoftened) if unsoftened <= 0 else (_LONGEST_SOFTENING, 0.0)
    return float(brentq(surplus, least, _LONGEST_SOFTENING, xtol=1e-3)), 0.0


def _draw_labels(
    probabilities: NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.int64]:
    edges = probabilities.cumsum(axis=1)
    thresholds = generator.random((len(edges), 1)) * edges[:, -1:]
    return np.asarray((edges > thresholds).argmax(axis=1), dtype=np.int64)


def _differences(models: list[RelabelledMetrics], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return by how much the first model is better than the mean of the others. (metrics,)."""
    judged = [model(labels) for model in models]
    scores = np.array([[values[name] for name in METRICS] for values in judged])
    return np.asarray(scores[0] - scores[1:].mean(axis=0))
