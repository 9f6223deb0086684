"""Where models will be judged: how often each label occurs there, and among how many rows."""

import logging

import numpy as np

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.metrics.prior import Shares, Target
from klue_pipeline.relation.settings.evaluation_params import TargetPriorParams

logger = logging.getLogger(__name__)

_SUM_TOLERANCE = 1e-3


def given_target(
    params: TargetPriorParams, labels: LabelSet, training_shares: Shares, n_rows: int
) -> Target:
    """Return the target that the settings say.

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
    return Target(shares, shares[:, None], n_rows, "given")


def with_negative_share(share: float, negative_id: int, training_shares: Shares) -> Shares:
    """Give the negative label a share, and the others the rest in their own proportions.

    >>> with_negative_share(0.6, 0, np.array([0.2, 0.6, 0.2]))
    array([0.6, 0.3, 0.1])
    """
    others = np.delete(training_shares, negative_id)
    return np.insert(others * (1 - share) / others.sum(), negative_id, share)


def _share_of_negative(share: float, labels: LabelSet, training_shares: Shares) -> Shares:
    if labels.negative is None:
        raise ValueError(
            "evaluation.target_prior.negative_share is given, but no label is negative; give the "
            "share of every label as evaluation.target_prior.shares."
        )
    negative_id = labels.names.index(labels.negative)
    if not np.delete(training_shares, negative_id).any():
        raise ValueError("No scored row has a relation; negative_share leaves the rest to them.")
    return with_negative_share(share, negative_id, training_shares)


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
