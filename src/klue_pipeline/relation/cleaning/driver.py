"""Apply rules one after the other: count what each does, and keep what it takes."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from klue_pipeline.relation.cleaning.history import (
    join_changes,
    join_drops,
    list_changes,
    list_drops,
)
from klue_pipeline.relation.cleaning.interface import Evidence, Outcome, Rule, Tables
from klue_pipeline.relation.settings.clean_params import CleanParams, CleanRule
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Cleaned:
    """The result of all rules.

    Attributes:
        tables: Training rows that stay, and all test rows, in their order.
        dropped_rows: Training rows that left; schema ``DroppedRows``.
        changed_rows: Cells that were changed; schema ``ChangedRows``.
        report: Counts of all and of every rule, for JSON.
    """

    tables: Tables
    dropped_rows: pd.DataFrame
    changed_rows: pd.DataFrame
    report: dict[str, Any]


@dataclass(frozen=True)
class _Step:
    tables: Tables
    drops: pd.DataFrame
    changes: pd.DataFrame
    report: dict[str, Any]


def apply_rules(
    rules: Mapping[CleanRule, Rule], tables: Tables, clean: CleanParams, evidence: Evidence
) -> Cleaned:
    """Apply the rules that ``clean.rules`` names, in its order.

    Test rows may be changed and are never dropped.

    Args:
        rules: Every rule by its name.
        tables: Rows of both files.
        clean: Which rules, and their settings.
        evidence: What rules may ask besides.
    """
    now = Tables(tables.train.reset_index(drop=True), tables.test.reset_index(drop=True))
    numbers = pd.Series(range(1, len(now.train) + 1), index=now.train["row_id"])
    steps: list[_Step] = []
    for name in clean.rules:
        step = _take_step(name, now, rules[name](now, clean, evidence), numbers)
        _log_rule(step.report)
        steps.append(step)
        now = step.tables
    dropped_rows = join_drops([step.drops for step in steps], tables.train)
    return Cleaned(
        tables=now,
        dropped_rows=dropped_rows,
        changed_rows=join_changes(step.changes for step in steps),
        report=_report_all(len(tables.train), now, dropped_rows, steps),
    )


def _take_step(name: str, before: Tables, outcome: Outcome, numbers: pd.Series) -> _Step:
    """Do what a rule wants, and write it down."""
    drops = list_drops(name, numbers, outcome)
    changes = list_changes(name, before, outcome.tables)
    left = outcome.tables.train.drop(index=drops.index).reset_index(drop=True)
    return _Step(
        tables=Tables(left, outcome.tables.test),
        drops=drops,
        changes=changes,
        report=_report_rule(name, len(before.train), drops, changes) | outcome.counts,
    )


def _report_rule(
    name: str, rows_in: int, drops: pd.DataFrame, changes: pd.DataFrame
) -> dict[str, Any]:
    changed_rows = changes.groupby("file")["row_id"].nunique()
    return {
        "rule": name,
        "rows_in": rows_in,
        "rows_out": rows_in - len(drops),
        "dropped_by_reason": _count(drops["reason"]),
        "rows_changed": {file: int(changed_rows.get(file, 0)) for file in ("train", "test")},
        "cells_changed": _count(changes["file"] + "." + changes["column"]),
    }


def _report_all(
    rows_in: int, tables: Tables, dropped_rows: pd.DataFrame, steps: list[_Step]
) -> dict[str, Any]:
    return {
        "rows_in": rows_in,
        "rows_out": len(tables.train),
        "test_rows": len(tables.test),
        "dropped_by_reason": _count(dropped_rows["reason"]),
        "rules": [step.report for step in steps],
    }


def require_rows_left(train: pd.DataFrame, report: Mapping[str, Any]) -> None:
    """Stop where no training row is left.

    Args:
        train: The rows that the rules left.
        report: What each rule did.

    Raises:
        ValueError: Saying which rules dropped how many rows for which reason.
    """
    if len(train):
        return
    dropped = [
        f"{count:,} {reason} ({rule['rule']})"
        for rule in report["rules"]
        for reason, count in rule["dropped_by_reason"].items()
    ]
    is_tested = "in_test_file" in report["dropped_by_reason"]
    raise ValueError(
        f"No training row is left: of {report['rows_in']:,}, cleaning dropped {', '.join(dropped)}."
        f"{' Is raw.test the training file?' if is_tested else ''} Give other files, or change "
        "clean.rules."
    )


def _count(values: pd.Series) -> dict[str, int]:
    return {str(value): int(n) for value, n in sorted(values.value_counts().items())}


def _log_rule(report: dict[str, Any]) -> None:
    dropped, changed = report["dropped_by_reason"].items(), report["rows_changed"].items()
    details = [
        *(f"{count} dropped: {reason}" for reason, count in dropped if count),
        *(f"{counted(count, f'{file} row')} changed" for file, count in changed if count),
    ]
    logger.info(
        "Cleaning by %s: %d training rows in, %d out (%s)",
        report["rule"],
        report["rows_in"],
        report["rows_out"],
        ", ".join(details) or "nothing to do",
    )
