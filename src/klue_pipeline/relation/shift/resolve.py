"""The target of a run: given by somebody, estimated from test scores, or none, with the reason."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.prior import Target
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.shift.estimate import PriorStudy, study_prior
from klue_pipeline.relation.shift.estimators import total_variation
from klue_pipeline.relation.shift.target import given_target
from klue_pipeline.relation.shift.weights import effective_rows, label_shares, shift_weights

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Resolved:
    """The target, if there is one, and how it came about.

    Attributes:
        target: What shift-aware scores are told for; None tells none.
        report: For JSON: ``source``, ``refusal`` (why there is no target; None if there is one),
            shares, effective rows, and what each estimator said.
    """

    target: Target | None
    report: dict[str, Any]

    @property
    def description(self) -> str:
        """The target in a few words, for pages and logs."""
        if self.target is None:
            return f"none: {self.report['refusal']}"
        share = self.report["negative_share"]
        of_negative = "" if share is None else f", {share:.1%} without a relation"
        return f"{self.target.source}{of_negative} ({self.target.n_rows:,} rows)"


def resolve_target(
    out_of_fold: ScoreTable,
    gold_ids: NDArray[np.int64],
    test_scores: ScoreTable,
    labels: LabelSet,
    params: EvaluationParams,
) -> Resolved:
    """Find the target that scores are re-weighted to.

    Args:
        out_of_fold: Scores of training rows by models that did not see them; only read where the
            prior is estimated.
        gold_ids: Their true label ids. Shape: (rows,).
        test_scores: Scores of the test rows; a given prior needs only their number.
        labels: The labels of the scores.
        params: Where the prior comes from, and what is believed.

    Raises:
        ValueError: A given prior does not fit the labels.
    """
    prior, training_shares = params.target_prior, label_shares(gold_ids, len(labels.names))
    if prior.source == "none":
        return Resolved(None, _refused("none", "evaluation.target_prior.source is none"))
    if prior.source == "given":
        target = given_target(prior, labels, training_shares, len(test_scores))
        return _warn_of_few_rows(_describe(target, gold_ids, labels, {}), prior.min_effective_rows)
    study = study_prior(out_of_fold, gold_ids, test_scores, prior, params.seed)
    said = _describe_witnesses(study, labels)
    if study.target is None:
        logger.warning(
            "The target's prior cannot be estimated from these test scores (%s). Give it with "
            "evaluation.target_prior.source=given, or look at the sensitivity curve.",
            study.refusal,
        )
        return Resolved(None, {**_refused("estimated", study.refusal), **said})
    return _describe(study.target, gold_ids, labels, {**said, "estimator": study.chosen})


def _warn_of_few_rows(resolved: Resolved, wanted: int) -> Resolved:
    """Say so where a given prior leaves few rows to judge by; nobody refuses what a person says."""
    found = resolved.report["effective_rows"]
    if found < wanted:
        logger.warning(
            "Re-weighted to the given prior, scores rest on %.0f effective rows (wanted %d); their "
            "intervals say how little that tells.",
            found,
            wanted,
        )
    return resolved


def _refused(source: str, reason: str) -> dict[str, Any]:
    return {"source": source, "refusal": reason, "negative_share": None}


def _describe(
    target: Target, gold_ids: NDArray[np.int64], labels: LabelSet, more: dict[str, Any]
) -> Resolved:
    weights = shift_weights(gold_ids, target.shares)
    training_shares = label_shares(gold_ids, len(labels.names))
    report = {
        "source": target.source,
        "refusal": None,
        "negative_share": _share_of_negative(target.shares, labels),
        "training_negative_share": _share_of_negative(training_shares, labels),
        "distance_to_training": total_variation(target.shares, training_shares),
        "rows": target.n_rows,
        "effective_rows": effective_rows(weights),
        "scored_rows": len(gold_ids),
        "shares": [
            {"label": name, "share": share}
            for name, share in zip(labels.names, target.shares.tolist(), strict=True)
        ],
        **more,
    }
    return Resolved(target, report)


def _describe_witnesses(study: PriorStudy, labels: LabelSet) -> dict[str, Any]:
    return {
        "estimates": {
            name: {
                "negative_share": _share_of_negative(own.shares, labels),
                "recovery_error": own.recovery_error,
                "disagreement": own.disagreement,
                "converged": own.converged,
            }
            for name, own in study.witnesses.items()
        }
    }


def _share_of_negative(shares: NDArray[np.float64], labels: LabelSet) -> float | None:
    return None if labels.negative is None else float(shares[labels.names.index(labels.negative)])
