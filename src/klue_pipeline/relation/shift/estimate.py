"""The target's shares of labels, estimated from test scores, and whether the estimate is believed.

No labels of the target are read. Three estimators answer the same question in different ways, and
an answer counts only if

* its rounds came to rest,
* the same estimator gives known shares back: out-of-fold rows are re-weighted to the training
  shares and to the estimate, and it has to find both,
* every other estimator that passes these agrees with it; one that stands alone has to be twice as
  accurate on known shares.

A weak model fails these, because EM on its probabilities runs away to a few labels. Then there is
no estimate, and the report says why.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.judgement import Shares, TargetPopulation
from klue_pipeline.relation.settings.evaluation_params import TargetPriorParams
from klue_pipeline.relation.shift.bias_correction import fit_bias_correction
from klue_pipeline.relation.shift.estimators import (
    Estimated,
    Estimator,
    classify_and_count,
    expectation_maximisation,
    total_variation,
)
from klue_pipeline.relation.shift.weights import effective_rows, label_shares, shift_weights

logger = logging.getLogger(__name__)

_REFITS, _DRAWS_PER_REFIT = 10, 5
"""Draws of the out-of-fold rows, and for each of them draws of the test rows, under which every
believed estimator is asked again."""

_STRICTER_ALONE = 2
EVERY_ESTIMATOR = ("em_raw", "em_calibrated", "classify_and_count")


@dataclass(frozen=True)
class Witness:
    """What one estimator says, and how far to trust it.

    Attributes:
        shares: Its estimate. Shape: (labels,).
        converged: Whether its rounds came to rest.
        recovery_error: Largest total-variation distance between known shares and what it made of
            out-of-fold rows that have them, from 0 to 1.
        disagreement: Largest distance to another estimator that came to rest and recovers known
            shares, from 0 to 1; None if there is none.
    """

    shares: Shares
    converged: bool
    recovery_error: float
    disagreement: float | None = None


@dataclass(frozen=True)
class PriorStudy:
    """What is known about the target's shares of labels.

    Attributes:
        witnesses: Every estimator's answer, by name.
        chosen: The estimator that is believed, or None.
        population: The population it describes, or None.
        refusal: Why no estimate is believed; empty if one is.
    """

    witnesses: dict[str, Witness]
    chosen: str | None
    population: TargetPopulation | None
    refusal: str = ""


@dataclass(frozen=True)
class _Source:
    """An estimator with the probabilities it reads. Shape of each: (rows, labels).

    Attributes:
        estimate: The estimator.
        out_of_fold: Probabilities of rows whose labels are known, by nothing fitted on them.
        test: Probabilities of the test rows.
        redraw: Makes the latter anew from other out-of-fold rows, where something is fitted on
            these.
    """

    estimate: Estimator
    out_of_fold: NDArray[np.float64]
    test: NDArray[np.float64]
    redraw: Callable[[np.random.Generator], NDArray[np.float64]]


def study_prior(
    scores: LabelledScores,
    test_scores: ScoreTable,
    params: TargetPriorParams,
    seed: int,
) -> PriorStudy:
    """Estimate the target's shares of labels by every estimator, and choose one that is credible.

    Args:
        scores: Scores of training rows by models that did not see them.
        test_scores: Scores of the unlabelled rows that the models will be judged on.
        params: Which estimator, and what is still believed.
        seed: Draws the alternatives for intervals.
    """
    out_of_fold, gold_ids = scores.table, scores.truth
    training_shares = label_shares(gold_ids, len(out_of_fold.labels))
    sources = _sources(out_of_fold, gold_ids, test_scores)
    witnesses = _with_disagreement(
        {name: _question(source, gold_ids, training_shares) for name, source in sources.items()},
        params.max_disagreement,
    )
    names = EVERY_ESTIMATOR if params.estimator == "auto" else (params.estimator,)
    doubts = {name: _doubt(witnesses[name], gold_ids, params) for name in names}
    # One that lies between two others which contradict each other is no better for that.
    chosen = min(names, key=lambda name: witnesses[name].recovery_error)
    if doubts[chosen]:
        reasons = "; ".join(f"{name}: {doubt}" for name, doubt in doubts.items() if doubt)
        return PriorStudy(witnesses, None, None, reasons)
    believed = [name for name in names if not doubts[name]]
    alternatives = _alternatives([sources[name] for name in believed], training_shares, seed)
    shares, n_rows = witnesses[chosen].shares, len(test_scores)
    population = TargetPopulation(shares, alternatives, n_rows, "estimated")
    return PriorStudy(witnesses, chosen, population)


def _sources(
    out_of_fold: ScoreTable, gold_ids: NDArray[np.int64], test_scores: ScoreTable
) -> Mapping[str, _Source]:
    raw = (out_of_fold.probabilities, test_scores.probabilities)
    counted = _Source(classify_and_count, *raw, lambda _: raw[1])
    return {
        "em_raw": replace(counted, estimate=expectation_maximisation),
        "em_calibrated": _calibrated(out_of_fold, gold_ids, test_scores),
        "classify_and_count": counted,
    }


def _calibrated(
    out_of_fold: ScoreTable, gold_ids: NDArray[np.int64], test_scores: ScoreTable
) -> _Source:
    correct = fit_bias_correction(out_of_fold.logits, gold_ids)

    def redraw(generator: np.random.Generator) -> NDArray[np.float64]:
        rows = generator.integers(len(gold_ids), size=len(gold_ids))
        fitted = fit_bias_correction(out_of_fold.logits[rows], gold_ids[rows], start=correct)
        return fitted(test_scores.logits)

    honest = _cross_corrected(out_of_fold, gold_ids)
    return _Source(expectation_maximisation, honest, correct(test_scores.logits), redraw)


def _cross_corrected(scores: ScoreTable, gold_ids: NDArray[np.int64]) -> NDArray[np.float64]:
    """Correct each half of the rows by what was fitted on the other. Shape: (rows, labels).

    A correction brings the shares of the rows that it was fitted on back by construction.
    """
    places = np.arange(len(scores))
    if scores.folds is not None and len(np.unique(scores.folds)) > 1:
        places = np.unique(scores.folds, return_inverse=True)[1]
    is_second = places % 2 == 1
    corrected = np.empty(scores.logits.shape)
    for half in (is_second, ~is_second):
        # A single row leaves nothing to fit on.
        rows = ~half if (~half).any() else half
        corrected[half] = fit_bias_correction(scores.logits[rows], gold_ids[rows])(
            scores.logits[half]
        )
    return corrected


def _question(source: _Source, gold_ids: NDArray[np.int64], training_shares: Shares) -> Witness:
    """Ask an estimator about the test rows, then about rows whose shares are known."""
    estimated = source.estimate(source.test, training_shares, np.ones((len(source.test), 1)))
    shares = estimated.shares[:, 0]
    known = np.stack([training_shares, _judgeable(shares, training_shares)], axis=1)
    weights = np.stack([shift_weights(gold_ids, column) for column in known.T], axis=1)
    recovered: Estimated = source.estimate(source.out_of_fold, training_shares, weights)
    pairs = zip(known.T, recovered.shares.T, strict=True)
    error = max(total_variation(wanted, found) for wanted, found in pairs)
    return Witness(shares, estimated.converged and recovered.converged, error)


def _judgeable(shares: Shares, training_shares: Shares) -> Shares:
    """Leave out labels that no scored row has."""
    kept = np.where(training_shares > 0, shares, 0.0)
    return np.asarray(kept / kept.sum()) if kept.sum() > 0 else training_shares


def _with_disagreement(witnesses: dict[str, Witness], limit: float) -> dict[str, Witness]:
    """Tell each witness how far the farthest reliable other one is."""
    reliable = [
        name
        for name, witness in witnesses.items()
        if witness.converged and witness.recovery_error <= limit
    ]
    distances = {
        name: [
            total_variation(witness.shares, witnesses[other].shares)
            for other in reliable
            if other != name
        ]
        for name, witness in witnesses.items()
    }
    return {
        name: replace(witness, disagreement=max(distances[name], default=None))
        for name, witness in witnesses.items()
    }


def _doubt(witness: Witness, gold_ids: NDArray[np.int64], params: TargetPriorParams) -> str:
    """Say why an estimate is not believed; empty if it is."""
    stands_alone = witness.disagreement is None
    limit = params.max_disagreement
    error_limit = limit / _STRICTER_ALONE if stands_alone else limit
    training_shares = label_shares(gold_ids, len(witness.shares))
    rows = effective_rows(shift_weights(gold_ids, _judgeable(witness.shares, training_shares)))
    apart = witness.disagreement or 0.0
    doubts = {
        "its rounds did not come to rest": not witness.converged,
        f"known shares come back {witness.recovery_error:.2f} off (believed up to "
        f"{error_limit:.2f}{', as no other estimate is reliable' if stands_alone else ''})":
            witness.recovery_error > error_limit,
        f"another reliable estimate is {apart:.2f} away (believed up to {limit:.2f})":
            apart > limit,
        f"only {rows:.0f} effective rows would be left (wanted {params.min_effective_rows})":
            rows < params.min_effective_rows,
    }  # fmt: skip
    return ", ".join(text for text, holds in doubts.items() if holds)


def _alternatives(sources: list[_Source], training_shares: Shares, seed: int) -> Shares:
    """Ask every believed estimator again, about draws of the test and out-of-fold rows.

    Returns:
        Shares that are about as credible as the estimate. Shape: (labels, alternatives).
    """
    generator = np.random.default_rng(seed)
    return np.concatenate(
        [
            _ask_again(source, training_shares, generator)
            for source in sources
            for _ in range(_REFITS)
        ],
        axis=1,
    )


def _ask_again(source: _Source, training_shares: Shares, generator: np.random.Generator) -> Shares:
    probabilities = source.redraw(generator)
    n_rows = len(probabilities)
    draws = [
        np.bincount(generator.integers(n_rows, size=n_rows), minlength=n_rows)
        for _ in range(_DRAWS_PER_REFIT)
    ]
    weights = np.stack(draws, axis=1).astype(np.float64)
    return source.estimate(probabilities, training_shares, weights).shares
