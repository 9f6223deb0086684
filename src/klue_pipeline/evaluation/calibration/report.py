"""Calibration in numbers and as a table: before and after temperature scaling."""

from typing import Any

import pandas as pd

from klue_pipeline.evaluation.calibration.reliability import (
    N_BINS,
    calibration_error,
    reliability_table,
)
from klue_pipeline.evaluation.calibration.temperature import (
    apply_fold_temperatures,
    cross_fitted_temperatures,
    fit_temperature,
    log_loss,
)
from klue_pipeline.evaluation.truth import LabelledScores

STAGES = ("before", "after")
"""Values of ``stage`` in the table: before and after temperature scaling."""


def report_calibration(scores: LabelledScores) -> tuple[dict[str, Any], pd.DataFrame]:
    """Fit a temperature on out-of-fold scores and say what it changes.

    Args:
        scores: Out-of-fold scores.

    Returns:
        A dictionary for JSON:

        - ``temperature``: fitted on all rows; for test scores and other rows no model saw;
        - ``fold_temperatures``: by ``fold_<k>``, each fitted without the fold's rows, or None;
        - ``ece_before`` and ``ece_after`` (0 to 100), ``loss_before`` and ``loss_after`` (nats):
          the latter by the folds' temperatures, None if a fold has none;
        - ``rows``, a sentence once per fold that held it out, and ``bins``.

        And the reliability table, with ``stage`` (before, after) as its first column; without the
        rows of after where that is None.

    Raises:
        ValueError: As in :func:`cross_fitted_temperatures`.
    """
    table, truth = scores.table, scores.truth
    by_fold = cross_fitted_temperatures(scores)
    stages = {"before": table}
    if None not in by_fold.values():
        stages["after"] = apply_fold_temperatures(table, by_fold)
    tables = {name: reliability_table(at.probabilities, truth) for name, at in stages.items()}
    report = {
        "temperature": fit_temperature(table.logits, truth),
        "fold_temperatures": {f"fold_{fold}": found for fold, found in by_fold.items()},
        "rows": len(table),
        "bins": N_BINS,
    }
    for name in STAGES:
        is_there = name in stages
        report[f"ece_{name}"] = calibration_error(tables[name]) if is_there else None
        report[f"loss_{name}"] = log_loss(stages[name].logits, truth) if is_there else None
    return report, _stack(tables)


def _stack(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([at.assign(stage=name) for name, at in tables.items()], ignore_index=True)
    return table[["stage", *table.columns[:-1]]]
