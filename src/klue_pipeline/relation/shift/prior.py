"""The target's prior: how often each label occurs where models will be judged, if that is known.

It is given by the settings or estimated from test scores; where there is none, the report says why.
"""

import hashlib
import logging
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.judgement import Shares, TargetPopulation
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams, TargetPriorParams
from klue_pipeline.relation.shift.estimate import PriorStudy, study_prior
from klue_pipeline.relation.shift.estimators import total_variation
from klue_pipeline.relation.shift.weights import (
    effective_rows,
    label_shares,
    shift_weights,
    with_negative_share,
)
from klue_pipeline.version import __version__

logger = logging.getLogger(__name__)

_SUM_TOLERANCE = 1e-3


@dataclass(frozen=True)
class TargetPrior:
    """The target population, if it is known, and how it came about.

    Attributes:
        population: What shift-aware scores are about; without one there are none.
        report: For JSON: ``source``, ``refusal`` (why there is no population; None if there is
            one), shares, effective rows, and what each estimator found.
        estimated_from: Hash of all that an estimate depends on; empty where nothing is estimated.
    """

    population: TargetPopulation | None
    report: dict[str, Any]
    estimated_from: str = ""

    @property
    def description(self) -> str:
        """The population in a few words, for pages and logs."""
        if self.population is None:
            return f"none: {self.report['refusal']}"
        share = self.report["negative_share"]
        of_negative = "" if share is None else f", {share:.1%} without a relation"
        return f"{self.population.source}{of_negative} ({self.population.n_rows:,} rows)"

    def as_json(self) -> dict[str, Any]:
        """Write everything for JSON, every number in full."""
        found = self.population
        population = found and {
            "shares": found.shares.tolist(),
            "plausible": found.plausible.tolist(),
            "n_rows": found.n_rows,
            "source": found.source,
        }
        return {
            "report": self.report,
            "population": population,
            "estimated_from": self.estimated_from,
        }

    @classmethod
    def from_json(cls, written: dict[str, Any]) -> Self:
        """Read what :meth:`as_json` wrote."""
        population = written["population"]
        if population is not None:
            arrays = {name: np.array(population[name]) for name in ("shares", "plausible")}
            population = TargetPopulation(**(population | arrays))
        return cls(population, written["report"], written["estimated_from"])


def resolve_prior(
    scores: LabelledScores,
    test_scores: ScoreTable,
    labels: LabelSet,
    params: EvaluationParams,
    known: TargetPrior | None = None,
) -> TargetPrior:
    """Find the population that scores are re-weighted to.

    Args:
        scores: Scores of training rows by models that did not see them; only their labels are read
            unless the prior is estimated.
        test_scores: Scores of the test rows; a given prior needs only their number.
        labels: The labels of the scores.
        params: Where the prior comes from, and what is believed.
        known: What was found before; an estimate from the same scores and settings is not made
            again.

    Raises:
        ValueError: A given prior does not fit the labels.
    """
    prior, training_shares = params.target_prior, label_shares(scores.truth, len(labels.names))
    if prior.source == "none":
        return TargetPrior(None, _refused("none", "evaluation.target_prior.source is none"))
    if prior.source == "given":
        population = given_population(prior, labels, training_shares, len(test_scores))
        return _describe(population, scores.truth, labels, {})
    made_of = _hash_evidence(scores, test_scores, params)
    if known is not None and known.estimated_from == made_of:
        return known
    return replace(_estimate(scores, test_scores, labels, params), estimated_from=made_of)


def warn_of_prior(prior: TargetPrior, params: EvaluationParams, what: str) -> None:
    """Warn where none could be estimated, and where a given one leaves few rows to judge by.

    Not a part of :func:`resolve_prior`, which a run asks several times about the same scores.

    Args:
        prior: As it was resolved.
        params: What it was resolved by.
        what: Whose scores are re-weighted to it.
    """
    wanted = params.target_prior.min_effective_rows
    if prior.population is None and prior.report["source"] == "estimated":
        logger.warning(
            "No shift-aware scores of %s: the test's shares of labels cannot be estimated; %s "
            "ranks. docs/scores.md#which-prior says why, and how to give them.",
            what, params.ranking_score(has_target=False),
        )  # fmt: skip
    elif prior.report["source"] == "given" and prior.report["effective_rows"] < wanted:
        logger.warning(
            "Re-weighted to the given prior, scores of %s rest on %.0f effective rows (wanted %d); "
            "their intervals say how little that tells.",
            what, prior.report["effective_rows"], wanted,
        )  # fmt: skip


def _estimate(
    scores: LabelledScores, test_scores: ScoreTable, labels: LabelSet, params: EvaluationParams
) -> TargetPrior:
    study = study_prior(scores, test_scores, params.target_prior, params.seed)
    witnesses = _describe_witnesses(study, labels)
    if study.population is None:
        return TargetPrior(None, {**_refused("estimated", study.refusal), **witnesses})
    more = {**witnesses, "estimator": study.chosen}
    return _describe(study.population, scores.truth, labels, more)


def _hash_evidence(
    scores: LabelledScores, test_scores: ScoreTable, params: EvaluationParams
) -> str:
    """Hash all that an estimate depends on: scores, folds, true labels, settings."""
    folds = np.empty(0, np.int64) if scores.table.folds is None else scores.table.folds
    digest = hashlib.sha256(params.target_prior.model_dump_json().encode())
    digest.update(repr((__version__, params.seed, scores.table.labels)).encode())
    for array in (scores.table.logits, folds, scores.truth, test_scores.logits):
        digest.update(repr(array.shape).encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _refused(source: str, reason: str) -> dict[str, Any]:
    return {"source": source, "refusal": reason, "negative_share": None}


def _describe(
    population: TargetPopulation,
    gold_ids: NDArray[np.int64],
    labels: LabelSet,
    more: dict[str, Any],
) -> TargetPrior:
    weights = shift_weights(gold_ids, population.shares)
    training_shares = label_shares(gold_ids, len(labels.names))
    report = {
        "source": population.source,
        "refusal": None,
        "negative_share": _negative_share(population.shares, labels),
        "training_negative_share": _negative_share(training_shares, labels),
        "distance_to_training": total_variation(population.shares, training_shares),
        "rows": population.n_rows,
        "effective_rows": effective_rows(weights),
        "scored_rows": len(gold_ids),
        "shares": [
            {"label": name, "share": share}
            for name, share in zip(labels.names, population.shares.tolist(), strict=True)
        ],
        **more,
    }
    return TargetPrior(population, report)


def _describe_witnesses(study: PriorStudy, labels: LabelSet) -> dict[str, Any]:
    return {
        "estimates": {
            name: {
                "negative_share": _negative_share(witness.shares, labels),
                "recovery_error": witness.recovery_error,
                "disagreement": witness.disagreement,
                "converged": witness.converged,
            }
            for name, witness in study.witnesses.items()
        }
    }


def _negative_share(shares: NDArray[np.float64], labels: LabelSet) -> float | None:
    return None if labels.negative_id is None else float(shares[labels.negative_id])


def given_population(
    params: TargetPriorParams, labels: LabelSet, training_shares: Shares, n_rows: int
) -> TargetPopulation:
    """Return the population that the settings describe.

    Args:
        params: With ``source: given``.
        labels: The labels, in the order of the shares.
        training_shares: Those of the scored rows; they decide how the relations share what
            ``negative_share`` leaves. Shape: (labels,).
        n_rows: How many rows the models will be judged on.

    Raises:
        ValueError: ``shares`` names other labels, is negative or has another sum than 1; or
            ``negative_share`` is given where no label is negative, or all scored rows are.
    """
    shares = (
        _share_of_negative(params.negative_share, labels, training_shares)
        if params.negative_share is not None
        else _shares_of_all(params.shares or {}, labels)
    )
    return TargetPopulation(shares, shares[:, None], n_rows, "given")


def _share_of_negative(share: float, labels: LabelSet, training_shares: Shares) -> Shares:
    if labels.negative_id is None:
        raise ValueError(
            "evaluation.target_prior.negative_share is given, but no label is negative; give the "
            "share of every label as evaluation.target_prior.shares."
        )
    if not np.delete(training_shares, labels.negative_id).any():
        raise ValueError("No scored row has a relation; negative_share leaves the rest to them.")
    return with_negative_share(share, labels.negative_id, training_shares)


def _shares_of_all(given: dict[str, float], labels: LabelSet) -> Shares:
    unknown = sorted(given.keys() - set(labels.names))
    missing = [name for name in labels.names if name not in given]
    if unknown or missing:
        raise ValueError(
            "evaluation.target_prior.shares wants one share for each of the "
            f"{len(labels.names)} labels; unknown are {unknown[:3]}, missing {missing[:3]}."
        )
    shares = np.array([given[name] for name in labels.names])
    if not ((shares >= 0).all() and abs(shares.sum() - 1) <= _SUM_TOLERANCE):  # NaN is neither
        raise ValueError(
            "evaluation.target_prior.shares wants shares from 0 to 1 that sum to 1; found "
            f"{shares.min():.4g} to {shares.max():.4g} with sum {shares.sum():.4g}."
        )
    return np.asarray(shares / shares.sum())
