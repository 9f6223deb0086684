"""The page of the ledger: which file to submit next, and how far predictions can be trusted."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from scipy.special import bdtr

from klue_pipeline.relation.settings.evaluation_params import ScoreName
from klue_pipeline.reporting.ledger.distances import Labels
from klue_pipeline.reporting.ledger.figure import SIZE, Point, Scatter, lay_out
from klue_pipeline.reporting.ledger.offsets import Offset, measure_offsets
from klue_pipeline.reporting.ledger.params import LedgerParams
from klue_pipeline.reporting.ledger.table import METRICS, is_submitted, predicted_columns
from klue_pipeline.reporting.ledger.verdicts import (
    judge_candidates,
    metric_of,
    name_files,
)
from klue_pipeline.reporting.pages import render_page

_RARE = 0.05
"""Intervals are called wrong where chance makes as few of them hold less often than this."""

_TONES = {"worth a submission": "good", "clearly weaker": "bad", "near copy": "warn"}


@dataclass(frozen=True)
class _Outcome:
    """One score of a submitted file: what was predicted, and what came out."""

    predicted: float | None
    low: float | None
    high: float | None
    actual: float | None

    @property
    def difference(self) -> float | None:
        if self.predicted is None or self.actual is None:
            return None
        return self.actual - self.predicted

    @property
    def is_inside(self) -> bool | None:
        if self.low is None or self.high is None or self.actual is None:
            return None
        return self.low <= self.actual <= self.high


@dataclass(frozen=True)
class _Submitted:
    """A row of the table of submitted files."""

    number: int
    name: str
    prior: str
    submitted_at: str
    outcomes: list[_Outcome]
    note: str


@dataclass(frozen=True)
class _Panel:
    """What is said of one metric."""

    title: str
    scatter: Scatter | None
    findings: list[str]


def render_ledger(
    ledger: pd.DataFrame,
    labels: Labels,
    settings: LedgerParams,
    *,
    select_by: ScoreName,
    confidence: float,
    today: date | None = None,
) -> str:
    """Show what waits to be submitted, and predictions beside what came out.

    Args:
        ledger: The ledger, checked.
        labels: Predicted labels of the files that could be read, by SHA-256.
        settings: How many a day, and what a near copy is.
        select_by: What candidates are ranked by.
        confidence: Share of scores that the intervals should hold, 0 to 1.
        today: The contest's date, whose submissions count against the day's; None counts none.

    Returns:
        An HTML document that needs nothing but itself.

    Raises:
        ValueError: The files have different numbers of rows.
    """
    candidates = judge_candidates(ledger, labels, settings, select_by, today)
    submitted = _list_submitted(ledger)
    lost = [candidate for candidate in candidates if candidate.verdict == "not on disk"]
    return render_page(
        "submissions",
        metric=METRICS[metric_of(select_by)],
        select_by=select_by,
        settings=settings,
        candidates=[candidate for candidate in candidates if candidate not in lost],
        lost=lost,
        sources=ledger.set_index("sha256")[["file", "members"]].to_dict("index"),
        tones=_TONES,
        n_worth=sum(candidate.verdict == "worth a submission" for candidate in candidates),
        priors=sorted({candidate.prior for candidate in candidates if candidate.prior}),
        submitted=submitted,
        unread=_list_unread(ledger, labels),
        titles=list(METRICS.values()),
        panels=[_describe_metric(ledger, metric, submitted, confidence) for metric in METRICS],
        size=SIZE,
    )


def _list_submitted(ledger: pd.DataFrame) -> list[_Submitted]:
    names = name_files(ledger)
    rows = ledger[is_submitted(ledger)].sort_values(["submitted_at", "created_at"], kind="stable")
    return [
        _Submitted(
            number=number,
            name=names[row["sha256"]],
            prior=row["prior"],
            submitted_at=row["submitted_at"],
            outcomes=[_read_outcome(row, metric) for metric in METRICS],
            note=row["note"],
        )
        for number, row in enumerate(rows.to_dict("records"), start=1)
    ]


def _read_outcome(row: Mapping[object, float], metric: str) -> _Outcome:
    columns = (*predicted_columns(metric), f"public_{metric}")
    return _Outcome(*(None if math.isnan(row[name]) else row[name] for name in columns))


def _list_unread(ledger: pd.DataFrame, labels: Labels) -> list[str]:
    """Return what submitted files are called with whose labels nothing could be compared."""
    names = name_files(ledger)
    return [names[sha256] for sha256 in ledger["sha256"][is_submitted(ledger)]
            if sha256 not in labels]  # fmt: skip


def _describe_metric(
    ledger: pd.DataFrame, metric: str, submitted: Sequence[_Submitted], confidence: float
) -> _Panel:
    points = list(_list_points(submitted, list(METRICS).index(metric)))
    offsets = measure_offsets(ledger, metric)
    return _Panel(
        title=METRICS[metric],
        scatter=lay_out(points) if points else None,
        findings=[_describe_offset(*item, confidence) for item in offsets.items()],
    )


def _list_points(submitted: Iterable[_Submitted], place: int) -> Iterable[Point]:
    for row in submitted:
        own = row.outcomes[place]
        if own.predicted is not None and own.actual is not None:
            yield Point(
                row.number, row.name, row.prior, own.predicted, own.low, own.high, own.actual
            )


def _describe_offset(prior: str, offset: Offset, confidence: float) -> str:
    """Say how far predictions for one prior were off, and whether the intervals were honest."""
    files = f"{offset.count} file{'s' if offset.count > 1 else ''}"
    spread = (
        "one file says nothing about the spread"
        if offset.spread is None
        else f"with a spread of {offset.spread:.2f} from file to file"
    )
    mean = f"actual minus predicted is {offset.mean:+.2f}"
    return f"Prior {prior}, {files}: {mean}, {spread}. {_describe_coverage(offset, confidence)}"


def _describe_coverage(offset: Offset, confidence: float) -> str:
    if not offset.n_intervals:
        return "None has an interval."
    counted = (
        f"{offset.n_contained} of {offset.n_intervals} intervals held the actual score, where "
        f"about {confidence:.0%} should"
    )
    chance = bdtr(offset.n_contained, offset.n_intervals, confidence)
    if chance >= _RARE:
        return f"{counted}."
    return f"{counted}: too few for chance, so do not trust these intervals."
