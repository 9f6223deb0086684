"""How far the contest's scores were from what was predicted for the files that were submitted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from klue_pipeline.reporting.ledger.table import PRIORS, predicted_columns


@dataclass(frozen=True)
class Offset:
    """Actual minus predicted scores of one metric, over the files predicted for one prior.

    Attributes:
        count: How many files have both.
        mean: Points on the scale of 0 to 100; below 0 where the predictions were too high.
        spread: Standard deviation of one file's difference, in points; None for a single file.
        n_intervals: How many of the files have an interval.
        n_contained: How many of these intervals hold the actual score.
    """

    count: int
    mean: float
    spread: float | None
    n_intervals: int
    n_contained: int


def measure_offsets(ledger: pd.DataFrame, metric: str) -> dict[str, Offset]:
    """Compare predictions with what came out, for each prior apart.

    A score told for the training rows' prior is off by as much as the priors differ, so that an
    average over both kinds would be right for neither.

    Args:
        ledger: The ledger, checked.
        metric: ``micro_f1`` or ``auprc``.

    Returns:
        By prior; only priors of which a file has both scores.
    """
    scored = ledger[ledger[f"predicted_{metric}"].notna() & ledger[f"public_{metric}"].notna()]
    groups = {prior: scored[scored["prior"] == prior] for prior in PRIORS}
    return {prior: _measure(rows, metric) for prior, rows in groups.items() if len(rows)}


def _measure(rows: pd.DataFrame, metric: str) -> Offset:
    predicted, low, high = (rows[name].to_numpy() for name in predicted_columns(metric))
    actual = rows[f"public_{metric}"].to_numpy()
    differences = actual - predicted
    has_interval = np.isfinite(low) & np.isfinite(high)
    return Offset(
        count=len(rows),
        mean=float(differences.mean()),
        spread=float(differences.std(ddof=1)) if len(rows) > 1 else None,
        n_intervals=int(has_interval.sum()),
        n_contained=int((has_interval & (low <= actual) & (actual <= high)).sum()),
    )
