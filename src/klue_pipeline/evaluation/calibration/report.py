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
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_ids

STAGES = ("before", "after")
"""Values of ``stage`` in the table: before and after temperature scaling."""


def report_calibration(
    scores: ScoreTable, gold: pd.Series, labels: LabelSet
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Fit a temperature on out-of-fold scores and say what it changes.

    Args:
        scores: Out-of-fold scores.
        gold: True label names, indexed by row id.
        labels: The label set of the scores.

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
    truth = gold_ids(scores, gold, labels)
    by_fold = cross_fitted_temperatures(scores, gold, labels)
    stages = {"before": scores}
    if None not in by_fold.values():
        stages["after"] = apply_fold_temperatures(scores, by_fold)
    tables = {name: reliability_table(own.probabilities, truth) for name, own in stages.items()}
    report = {
        "temperature": fit_temperature(scores.logits, truth),
        "fold_temperatures": {f"fold_{fold}": found for fold, found in by_fold.items()},
        "rows": len(scores),
        "bins": N_BINS,
    }
    for name in STAGES:
        is_there = name in stages
        report[f"ece_{name}"] = calibration_error(tables[name]) if is_there else None
        report[f"loss_{name}"] = log_loss(stages[name].logits, truth) if is_there else None
    return report, _stack(tables)


def _stack(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    table = pd.concat([own.assign(stage=name) for name, own in tables.items()], ignore_index=True)
    return table[["stage", *table.columns[:-1]]]
