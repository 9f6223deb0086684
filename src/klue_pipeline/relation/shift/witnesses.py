"""What a submission will score, asked of several estimators that are wrong in different ways.

None reads a label of the test. ``labels`` takes only the shares of labels for different, ``texts``
all that a classifier sees of a row too; ``confidence`` and ``thresholded`` believe the models' own
probabilities; ``difference`` corrects ``texts`` by how much less sure the models are of the test
rows than of training rows weighed like them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT, Estimate, Judgement, draw_weights
from klue_pipeline.evaluation.scores import ScoreTable, average_probabilities
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.judgement import Shares, TargetPopulation, draw_test_sets
from klue_pipeline.relation.metrics.resampled_metrics import METRICS, ResampledMetrics
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams
from klue_pipeline.relation.shift.averaging import AveragingGain, spread_of_gain
from klue_pipeline.relation.shift.bias_correction import fit_negative_bias
from klue_pipeline.relation.shift.confidence import (
    Believed,
    Values,
    expect_scores,
    threshold_scores,
)
from klue_pipeline.relation.shift.density import TextShift
from klue_pipeline.relation.shift.weights import shift_weights

Estimates = dict[str, Estimate]
"""``micro_f1``, ``auprc`` and ``accuracy``, 0 to 100, with intervals; some witnesses lack one."""

_SHARE_OF_DRAWS = 5
"""How many times fewer draws than an interval of its own needs: what the texts leave open is wider
by far than what more draws would settle."""

_FEWEST_DRAWS = 100


@dataclass(frozen=True)
class Evidence:
    """All that is known before a submission.

    Attributes:
        scores: Out-of-fold scores with true labels.
        judgement: Of these, by the shares of labels.
        folds: Test scores of each model whose mean is submitted; at least one.
        gain: What that mean brings; None where it is not known.
        population: Where the submission will be judged; None where nobody knows.
        texts: How the texts of the test differ.
    """

    scores: LabelledScores
    judgement: Judgement
    folds: Sequence[ScoreTable]
    gain: AveragingGain | None
    population: TargetPopulation | None
    texts: TextShift


def ask_witnesses(evidence: Evidence, params: EvaluationParams) -> dict[str, Estimates]:
    """Ask every estimator what the submission will score.

    The gain of averaging the folds belongs to those who know single models only; the others look at
    the averaged scores.
    """
    gain = evidence.gain and replace(evidence.gain, confidence_gap=None)
    groups = _group_labels(evidence)
    single = _judge_by_texts(evidence, groups, params)
    held_out, test = _believe(evidence, groups)
    label_ids = np.unique(evidence.scores.truth)
    expected = expect_scores(test, label_ids)
    known = expect_scores(held_out, label_ids)
    difference = {name: single.scores[name] + expected[name] - known[name] for name in METRICS}
    relations = test.relations if groups.negative_share is None else 1 - groups.negative_share
    thresholded = threshold_scores(evidence.scores, held_out, test, relations)
    return {
        "labels": raise_scores(evidence.judgement, evidence.gain, params.seed),
        "texts": raise_scores(single, gain, params.seed),
        "difference": _around(difference, single),
        "confidence": _around(expected, single),
        "thresholded": _around(thresholded, single),
    }


def raise_scores(judgement: Judgement, gain: AveragingGain | None, seed: int) -> Estimates:
    """Raise what single models score by the gain of their mean.

    Args:
        judgement: Of out-of-fold scores; its shift-aware scores are used where there are any.
        gain: What averaging the folds brings, and how much harder the test rows look than their
            labels explain; None leaves both out.
        seed: Draws how large the gain may really be.

    Returns:
        Intervals reach down by the confidence gap: it is a doubt, not a measurement, for models
        trained to be unsure of themselves show one too.
    """
    prefix = SHIFT if f"{SHIFT}{METRICS[0]}" in judgement.scores else ""
    gains = {name: 0.0 if gain is None else gain.gains[name] for name in METRICS}
    raised = {
        name: _raised(judgement, f"{prefix}{name}", gains[name], seed + place)
        for place, name in enumerate(METRICS)
    }
    gap = 0.0 if gain is None else gain.confidence_gap or 0.0
    return {
        name: replace(estimate, low=max(estimate.low - gap, 0.0))
        for name, estimate in raised.items()
    }


def _raised(judgement: Judgement, name: str, gain: float, seed: int) -> Estimate:
    draws = judgement.draws[name]
    around_value = draws + (judgement.scores[name] - draws.mean())
    raised = np.clip(around_value + spread_of_gain(gain, len(draws), seed), 0, PERCENT)
    value = np.clip(judgement.scores[name] + gain, 0, PERCENT)
    outside = (1 - judgement.confidence) / 2
    low, high = np.quantile(raised, [outside, 1 - outside])
    return Estimate(float(value), float(low), float(high))


def _around(values: Values, judgement: Judgement) -> Estimates:
    """Give values the luck of scored rows and of the test set, as it is around other values."""
    return {
        name: replace(judgement, scores={name: float(np.clip(value, 0, PERCENT))}).estimate(name)
        for name, value in values.items()
    }


@dataclass(frozen=True)
class _Groups:
    """Rows with a relation and rows without: of these alone the target's share is imposed.

    In which proportion the relations come is left to the texts, which know more of it.

    Attributes:
        group_ids: 1 for rows without a relation where the population tells their share, 0 for all
            others. Shape: (rows,).
        shares: Of both groups. Shape: (groups,).
        plausible: Alternatives. Shape: (groups, alternatives).
        negative_share: The population's, or None.
    """

    group_ids: NDArray[np.int64]
    shares: Shares
    plausible: Shares
    negative_share: float | None


def _group_labels(evidence: Evidence) -> _Groups:
    negative_id, population = evidence.scores.negative_id, evidence.population
    if negative_id is None or population is None:
        everything = np.ones((1, 1))
        ids = np.zeros(len(evidence.scores.truth), dtype=np.int64)
        return _Groups(ids, everything[:, 0], everything, None)
    negative = population.plausible[negative_id]
    share = float(population.shares[negative_id])
    return _Groups(
        (evidence.scores.truth == negative_id).astype(np.int64),
        np.array([1 - share, share]),
        np.stack([1 - negative, negative]),
        share,
    )


def _judge_by_texts(evidence: Evidence, groups: _Groups, params: EvaluationParams) -> Judgement:
    """Judge a single model on out-of-fold rows by their density ratios.

    Its draws are test sets, in which few rows stand for many and are repeated. That raises AUPRC,
    so the scores are those of the weighed rows themselves.
    """
    table = evidence.scores.table
    ratios = evidence.texts.weigh(table).astype(np.float32)[:, None]
    target = TargetPopulation(groups.shares, groups.plausible, len(evidence.folds[0]), "estimated")
    metrics, generator = ResampledMetrics(evidence.scores), np.random.default_rng([params.seed, 2])
    n_draws = max(params.n_resamples // _SHARE_OF_DRAWS, _FEWEST_DRAWS)
    parts = [
        metrics(draw_test_sets(drawn * ratios, groups.group_ids, target, generator))
        for drawn in draw_weights(table, n_draws, params.seed)
    ]
    draws = {name: np.concatenate([part[name] for part in parts]) for name in METRICS}
    observed = metrics(_weigh(evidence, groups)[:, None])
    scores = {name: float(observed[name][0]) for name in METRICS}
    return Judgement(scores, draws, params.confidence)


def _weigh(evidence: Evidence, groups: _Groups) -> NDArray[np.float64]:
    """Return how much each out-of-fold row counts for the target. Shape: (rows,)."""
    ratios = evidence.texts.weigh(evidence.scores.table)
    return shift_weights(groups.group_ids, groups.shares, ratios)


def _believe(evidence: Evidence, groups: _Groups) -> tuple[Believed, Believed]:
    """Calibrate on out-of-fold rows weighed to the target; return these and the test rows."""
    scores, folds = evidence.scores, evidence.folds
    weights = _weigh(evidence, groups)
    calibrate, negative_id = fit_negative_bias(scores, weights), scores.negative_id
    of_test = np.mean([calibrate(table.logits) for table in folds], axis=0)
    mean = average_probabilities(list(folds)).probabilities
    even = np.full(len(mean), 1 / len(mean))
    held_out = calibrate(scores.table.logits), scores.table.probabilities, weights / weights.sum()
    return Believed(*held_out, negative_id), Believed(of_test, mean, even, negative_id)
