"""How long rows are, in characters and in tokens, and how many of them a limit would window."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

UNITS = ("characters", "tokens")
_QUANTILES = {"median": 0.5, "quantile_90": 0.9, "quantile_95": 0.95, "quantile_99": 0.99}


def tabulate_lengths(rows: pd.DataFrame) -> pd.DataFrame:
    """Summarise the lengths of each file's rows.

    Args:
        rows: As :func:`~klue_pipeline.relation.exploration.row_measures.measure_splits` returns.

    Returns:
        One row per file and unit: ``split``, ``unit`` (characters of the sentence, or tokens of the
        row as the encoder reads it), ``rows``, ``shortest``, ``mean``, ``median``,
        ``quantile_90``, ``quantile_95``, ``quantile_99`` and ``longest``.
    """
    return pd.DataFrame(
        [
            {"split": split, "unit": unit, **_summarise(lengths[unit])}
            for split, lengths in rows.groupby("split", sort=False)
            for unit in UNITS
        ]
    )


def _summarise(lengths: pd.Series) -> dict[str, Any]:
    quantiles = {name: float(lengths.quantile(q)) for name, q in _QUANTILES.items()}
    return {
        "rows": len(lengths),
        "shortest": int(lengths.min()),
        "mean": float(lengths.mean()),
        **quantiles,
        "longest": int(lengths.max()),
    }


def windowed_shares(rows: pd.DataFrame, limits: Iterable[int]) -> dict[str, dict[str, float]]:
    """Say which share of each file's rows would lose tokens under each limit.

    Args:
        rows: As for :func:`tabulate_lengths`.
        limits: Values of ``training.max_tokens``.

    Returns:
        Shares from 0 to 1 by limit (as text, for JSON), then by file.
    """
    tokens = rows.groupby("split", sort=False)["tokens"]
    return {
        str(limit): {str(split): float((own > limit).mean()) for split, own in tokens}
        for limit in sorted(set(limits))
    }
