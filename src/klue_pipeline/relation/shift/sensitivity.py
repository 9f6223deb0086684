"""The score as a function of the negative label's share, for whoever does not know that share."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT, draw_weights, interval_ends
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.resampled_metrics import METRICS, THREADS, ResampledMetrics
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.shift.weights import (
    effective_rows,
    label_shares,
    shift_weights,
    with_negative_share,
)

NEGATIVE_SHARES = tuple(np.round(np.arange(0.05, 0.96, 0.05), 2).tolist())
"""Shares that the curve is drawn through."""

_FRACTION_OF_DRAWS = 10
"""A curve needs fewer draws than one interval: its neighbours confirm each point."""


def tabulate_sensitivity(scores: LabelledScores, params: EvaluationParams) -> pd.DataFrame:
    """Re-weight out-of-fold rows to many shares of the negative label.

    The relations keep their proportions. Scores are those of as many rows as one likes, and
    intervals hold the luck of the scored rows, not of a test set (on which AUPRC is higher, where
    a label has only a handful of rows).

    Args:
        scores: Out-of-fold scores; where no label is negative, the table is empty.
        params: Draws, seed and confidence.

    Returns:
        One row per share: ``negative_share`` (0 to 1), ``effective_rows``, and each of
        ``micro_f1``, ``auprc`` and ``accuracy`` with ``_low`` and ``_high``, 0 to 100. Empty where
        every row has the same of negative or not, because then no share can be judged.
    """
    columns = ["negative_share", "effective_rows",
               *(f"{name}{end}" for name in METRICS for end in ("", "_low", "_high"))]  # fmt: skip
    truth, negative_id = scores.truth, scores.negative_id
    training_shares = label_shares(truth, len(scores.table.labels))
    if negative_id is None or training_shares[negative_id] in (0.0, 1.0):
        return pd.DataFrame(columns=columns, dtype="float64")
    metrics = ResampledMetrics(scores)
    n_draws = max(params.n_resamples // _FRACTION_OF_DRAWS, 20)
    drawn = np.concatenate(list(draw_weights(scores.table, n_draws, params.seed)), axis=1)

    def judge_share(share: float) -> dict[str, float]:
        weights = shift_weights(truth, with_negative_share(share, negative_id, training_shares))
        estimates = _score(metrics, weights, drawn, params.confidence)
        return {"negative_share": share, "effective_rows": effective_rows(weights), **estimates}

    with ThreadPoolExecutor(THREADS) as pool:
        return pd.DataFrame(pool.map(judge_share, NEGATIVE_SHARES), columns=columns)


def _score(
    metrics: ResampledMetrics,
    weights: NDArray[np.float64],
    drawn: NDArray[np.float32],
    confidence: float,
) -> dict[str, float]:
    observed = metrics(weights[:, None])
    draws = metrics(drawn * weights[:, None].astype(np.float32))
    estimates: dict[str, float] = {}
    for name in METRICS:
        value = float(observed[name][0])
        low, high = np.clip(interval_ends(draws[name], value, confidence), 0, PERCENT).tolist()
        estimates |= {name: value, f"{name}_low": low, f"{name}_high": high}
    return estimates
