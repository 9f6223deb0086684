"""The numbers of the exploration in one place, to be compared between runs."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from klue_pipeline.relation.exploration.comparison import measure_distance, usable_rows
from klue_pipeline.relation.exploration.distributions import (
    measure_number,
    report_distance,
    summarise_shares,
)
from klue_pipeline.relation.exploration.repetition import list_repeated_pairs
from klue_pipeline.relation.exploration.row_measures import windowed_shares
from klue_pipeline.relation.settings.exploration_params import ExploreParams

_ENTITY_NUMBERS = ("entity_distance", "subject_characters", "object_characters")
_ESTIMATE = (
    "mean of the probabilities that an earlier run predicted for the test rows (no label was "
    "read); leans towards the training shares or, with a weak model, towards even shares"
)


@dataclass(frozen=True)
class Findings:
    """The tables of the exploration.

    Attributes:
        labels: Of :func:`~.distributions.tabulate_label_shares`.
        shares: Of :func:`~.distributions.tabulate_shares`.
        rows: Of :func:`~.row_measures.measure_splits`.
        repetition: Of :func:`~.repetition.tabulate_repetition`.
        adversarial: The report of :func:`~.adversarial.tell_files_apart`.
    """

    labels: pd.DataFrame
    shares: pd.DataFrame
    rows: pd.DataFrame
    repetition: pd.DataFrame
    adversarial: dict[str, Any]


def report_findings(
    findings: Findings, train: pd.DataFrame, test: pd.DataFrame, max_tokens: int, eda: ExploreParams
) -> dict[str, Any]:
    """Put the numbers together, for JSON.

    Args:
        findings: The tables.
        train: The training rows.
        test: The test rows, with those that no model can read.
        max_tokens: ``training.max_tokens``.
        eda: Which limits to compare, and how many pairs to list.

    Returns:
        ``rows`` of each file, ``labels``, ``shares`` (by feature, with total variation distances),
        ``lengths``, ``entities``, ``repetition``, ``most_repeated_pairs`` and ``adversarial``.
        Shares and distances are from 0 to 1, None where there is nothing to compare. Lengths and
        distances in characters or tokens are compared in the bins of ``comparison.BIN_STARTS``.
    """
    n_usable = len(usable_rows(test))
    return {
        "rows": {"train": len(train), "test": n_usable, "test_left_out": len(test) - n_usable},
        "labels": _report_labels(findings.labels, n_usable),
        "shares": summarise_shares(findings.shares),
        "lengths": {
            "max_tokens": max_tokens,
            "tokens": report_distance(measure_number(findings.rows, "tokens")),
            "windowed_share": windowed_shares(findings.rows, [max_tokens, *eda.token_limits]),
        },
        "entities": _report_entities(findings.rows),
        "repetition": _report_repetition(findings.repetition),
        "most_repeated_pairs": list_repeated_pairs(train, eda.listed_pairs),
        "adversarial": findings.adversarial,
    }


def _report_labels(labels: pd.DataFrame, n_test: int) -> dict[str, Any]:
    estimated = labels["estimated_test_share"]
    n_estimated = n_test if estimated.notna().all() else 0
    n_train = int(labels["train_rows"].sum())
    distance = measure_distance(labels["train_share"], estimated, n_train, n_estimated)
    return {
        "without_training_rows": labels.loc[labels["train_rows"] == 0, "label"].tolist(),
        **{f"estimated_{name}": value for name, value in report_distance(distance).items()},
        "estimated_from": None if distance is None else _ESTIMATE,
    }


def _report_entities(rows: pd.DataFrame) -> dict[str, Any]:
    by_split = rows.groupby("split", sort=False)
    return {
        "subject_first_share": _numbers(by_split["subject_first"].mean()),
        **{f"median_{name}": _numbers(by_split[name].median()) for name in _ENTITY_NUMBERS},
        **{f"smallest_{name}": _numbers(by_split[name].min()) for name in _ENTITY_NUMBERS},
    }


def _numbers(values: pd.Series) -> dict[str, float]:
    return {str(split): float(value) for split, value in values.items()}


def _report_repetition(table: pd.DataFrame) -> dict[str, Any]:
    report: dict[str, Any] = {}
    for line in table.to_dict("records"):
        share = None if pd.isna(line["share"]) else line["share"]
        counts = {"rows": line["rows"], "groups": line["groups"], "share": share}
        report.setdefault(line["split"], {})[line["measure"]] = counts
    return report
