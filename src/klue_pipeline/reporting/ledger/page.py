"""The page of the ledger: which file to submit next, and how far predictions can be trusted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd
from markupsafe import Markup
from scipy.special import bdtr

from klue_pipeline.reporting.ledger.distances import Answers
from klue_pipeline.reporting.ledger.offsets import Forecast, Offset, measure_offsets
from klue_pipeline.reporting.ledger.rules import LedgerParams
from klue_pipeline.reporting.ledger.table import LedgerColumns
from klue_pipeline.reporting.ledger.verdicts import judge_candidates, name_files
from klue_pipeline.reporting.pages import render_page
from klue_pipeline.reporting.task_scores import Score, TaskScores
from klue_pipeline.text.counts import counted

_RARE = 0.05
"""Intervals are called wrong where chance makes as few of them hold less often than this."""

_TONES = {"worth a submission": "good", "clearly weaker": "bad", "one answer": "bad",
          "near copy": "warn"}  # fmt: skip


@dataclass(frozen=True)
class _Submitted:
    """A row of the table of submitted files."""

    number: int
    sha256: str
    name: str
    prior: str
    submitted_at: str
    forecasts: list[Forecast]
    note: str


@dataclass(frozen=True)
class _ScoreReport:
    """What is said of one score; without a figure where no file has both numbers."""

    title: str
    figure: Markup | None
    findings: list[str]


def render_ledger(  # noqa: PLR0913 (what the page shows, and what it is judged by)
    ledger: pd.DataFrame,
    answers: Answers,
    settings: LedgerParams,
    scores: TaskScores,
    *,
    select_by: str,
    confidence: float,
    today: date | None = None,
) -> str:
    """Show what waits to be submitted, and predictions beside what came out.

    Args:
        ledger: The ledger, checked.
        answers: What the files say that could be read, by SHA-256.
        settings: How many a day, and what a near copy is.
        scores: The scores of the task.
        select_by: The name of the score that candidates are ranked by.
        confidence: Share of scores that the intervals should hold, 0 to 1.
        today: The contest's date, whose submissions count against the day's; None counts none.

    Returns:
        An HTML document that needs nothing but itself.

    Raises:
        ValueError: The files have different numbers of rows.
    """
    candidates = judge_candidates(ledger, answers, settings, scores, select_by, today)
    columns = LedgerColumns.of_task(scores)
    submitted = _list_submitted(ledger[columns.is_submitted(ledger)], name_files(ledger), columns)
    lost = [candidate for candidate in candidates if candidate.verdict == "not on disk"]
    return render_page(
        "submissions",
        metric=scores.find_published(select_by).title,
        select_by_title=scores.find(select_by).title,
        task=scores,
        settings=settings,
        columns=columns,
        candidates=[candidate for candidate in candidates if candidate not in lost],
        lost=lost,
        sources=ledger.set_index("sha256")[["file", "members"]].to_dict("index"),
        tones=_TONES,
        n_worth=sum(candidate.verdict == "worth a submission" for candidate in candidates),
        priors=sorted({candidate.prior for candidate in candidates if candidate.prior}),
        submitted=submitted,
        unread=[row.name for row in submitted if row.sha256 not in answers],
        titles=[score.title for score in scores.published],
        panels=[
            _describe_score(ledger, score, submitted, place, confidence)
            for place, score in enumerate(scores.published)
        ],
    )


def _list_submitted(
    ledger: pd.DataFrame, names: dict[str, str], columns: LedgerColumns
) -> list[_Submitted]:
    rows = ledger.sort_values(["submitted_at", "created_at"], kind="stable")
    return [
        _Submitted(
            number=number,
            sha256=row["sha256"],
            name=names[row["sha256"]],
            prior=row["prior"],
            submitted_at=row["submitted_at"],
            forecasts=[Forecast.read(row, score) for score in columns.scores],
            note=row["note"],
        )
        for number, row in enumerate(rows.to_dict("records"), start=1)
    ]


def _describe_score(
    ledger: pd.DataFrame,
    score: Score,
    submitted: Sequence[_Submitted],
    place: int,
    confidence: float,
) -> _ScoreReport:
    forecasts = {
        row.number: (row.forecasts[place], row.prior)
        for row in submitted
        if row.forecasts[place].difference is not None
    }
    offsets = measure_offsets(ledger, score.name)
    return _ScoreReport(
        title=score.title,
        figure=_draw(forecasts, score.title) if forecasts else None,
        findings=[_describe_offset(*item, confidence) for item in offsets.items()],
    )


def _describe_offset(prior: str, offset: Offset, confidence: float) -> str:
    """Say how far predictions for one prior were off, and whether the intervals were honest."""
    files = counted(offset.count, "file")
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


def _draw(forecasts: Mapping[int, tuple[Forecast, str]], title: str) -> Markup:
    # On demand, because the page's module is imported by every command and matplotlib is slow.
    from klue_pipeline.reporting.ledger.figure import draw_forecasts

    return draw_forecasts(forecasts, title)
