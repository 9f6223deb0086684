"""How often intervals hold the scores that they were told for, and how wide they are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.relation.shift.estimators import total_variation

COLUMNS = (
    "test sentences",
    "score",
    "submission",
    "one fold's model",
    "plain interval",
    "width",
    "holds one model",
    "holds the submission",
    "shift-aware interval",
    "width",
    "holds one model",
    "holds the submission",
    "prediction, mean",
    "width",
    "holds the submission",
)


@dataclass(frozen=True)
class Measured:
    """One score: as it was told before any test label was seen, and as it came out.

    Attributes:
        plain: Told by the out-of-fold rows as they are.
        shift_aware: Told by the out-of-fold rows, re-weighted to the prior of the test sets.
        predicted: For the mean of the folds' models, on each test set; None where nothing was
            stated.
        submissions: What that mean reached on each test set, 0 to 100. Shape: (sets,).
        singles: What each fold's model reached. Shape: (sets, folds).
    """

    plain: Estimate
    shift_aware: Estimate
    predicted: Sequence[Estimate | None]
    submissions: NDArray[np.float64]
    singles: NDArray[np.float64]


def share_inside(scores: NDArray[np.float64], estimate: Estimate) -> float:
    """Return the share of scores, 0 to 1, that an interval holds; its ends belong to it."""
    return float(((scores >= estimate.low) & (scores <= estimate.high)).mean())


def describe(kind: str, score: str, measured: Measured) -> list[str]:
    """Write the line of one score; see :data:`COLUMNS`."""
    return [
        kind,
        score,
        _mean_and_spread(measured.submissions),
        _mean_and_spread(measured.singles),
        *_describe_interval(measured.plain, measured),
        *_describe_interval(measured.shift_aware, measured),
        *_describe_predictions(measured),
    ]


def describe_refusals(reasons: Sequence[str | None]) -> str:
    """Say in a sentence how often nothing was stated.

    Args:
        reasons: Why, on each test set; None where something was.
    """
    refused = sum(reason is not None for reason in reasons)
    return f"nothing was stated of {refused} of {len(reasons)} sets"


def describe_estimates(
    n_sets: int, found: Sequence[NDArray[np.float64]], wanted: NDArray[np.float64], negative_id: int
) -> str:
    """Say in a sentence what estimates of the prior came to.

    Args:
        n_sets: On how many test sets it was estimated.
        found: The estimates that were believed. Shape of each: (labels,).
        wanted: The true shares of labels. Shape: (labels,).
        negative_id: Id of the label that means no relation.
    """
    refused = f"estimated without labels, the prior was refused in {n_sets - len(found)} of "
    refused += f"{n_sets} sets"
    if not found:
        return refused
    distances = [total_variation(shares, wanted) for shares in found]
    negative = np.array([shares[negative_id] for shares in found])
    return (
        f"{refused}; else it is {np.mean(distances):.2f} off in total variation (at most "
        f"{max(distances):.2f}), with {negative.mean():.0%} ± {100 * negative.std():.0f} of the "
        f"rows without a relation where {wanted[negative_id]:.0%} are"
    )


def _describe_interval(estimate: Estimate, measured: Measured) -> list[str]:
    return [
        f"{estimate.value:.1f} [{estimate.low:.1f}, {estimate.high:.1f}]",
        f"{estimate.high - estimate.low:.1f}",
        f"{share_inside(measured.singles, estimate):.0%}",
        f"{share_inside(measured.submissions, estimate):.0%}",
    ]


def _describe_predictions(measured: Measured) -> list[str]:
    """Describe what was stated; a prediction that was refused neither holds nor misses."""
    pairs = zip(measured.submissions[:, None], measured.predicted, strict=True)
    stated = [(score, each) for score, each in pairs if each is not None]
    if not stated:
        return ["–", "–", "–"]
    return [
        f"{np.mean([each.value for _, each in stated]):.1f}",
        f"{np.mean([each.high - each.low for _, each in stated]):.1f}",
        f"{np.mean([share_inside(score, each) for score, each in stated]):.0%}",
    ]


def _mean_and_spread(scores: NDArray[np.float64]) -> str:
    return f"{scores.mean():.1f} ± {scores.std():.1f}"
