"""The leaderboard as a page: sortable, with each interval drawn on the scale of its column.

Numbers become texts here and nowhere else; the template only lays them out.
"""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.reporting import leaderboard
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, Ranked
from klue_pipeline.reporting.pages import render_page
from klue_pipeline.reporting.task_scores import Score, TaskScores
from klue_pipeline.text.counts import counted

NOTHING = "–"

_TONES = (
    (leaderboard.BEST, "good", "★"),
    (leaderboard.BETTER, "warn", "▲"),
    (leaderboard.WORSE, "bad", "▼"),
    (leaderboard.NOISE, "warn", "≈"),
    (leaderboard.NOT_COMPARABLE, "soft", "⊘"),
)
"""How a verdict begins, its colour, and a sign for those who do not see colours."""
_STATUS_TONES = {"failed": "bad", "killed": "bad", "running": "warn"}

_MINUTE, _HOUR = 60, 3600
_SMALLEST_P = 0.001


@dataclass(frozen=True)
class Bar:
    """An interval on the scale of its column, in per cent of the width."""

    low: float
    value: float
    high: float


@dataclass(frozen=True)
class Scale:
    """The scores between which a column draws its bars."""

    low: float
    high: float

    def place(self, score: float) -> float:
        """Return where a score lies, 0 to 100."""
        width = self.high - self.low
        return round(100 * (score - self.low) / width, 2) if width > 0 else 50.0

    def bar(self, estimate: Estimate) -> Bar | None:
        """Place an interval; None if one of its ends is no number."""
        ends = (estimate.low, estimate.value, estimate.high)
        return Bar(*map(self.place, ends)) if all(map(math.isfinite, ends)) else None


@dataclass(frozen=True)
class Column:
    """A column of scores."""

    score: Score
    scale: Scale
    scale_text: str
    best: float | None
    """Where the best score lies, in per cent of the width."""


@dataclass(frozen=True)
class Cell:
    """A number as it is shown and as it is sorted by."""

    text: str
    sort: float | None = None
    interval: str = ""
    bar: Bar | None = None
    remark: str = ""


@dataclass(frozen=True)
class EntryRow:
    """An entry with its numbers as they are shown."""

    entry: LeaderboardEntry
    rank: Cell
    scores: list[Cell]
    test: list[Cell]
    rows: Cell
    folds: Cell
    seconds: Cell
    speed: Cell
    difference: Cell
    verdict: tuple[str, str, str]
    """Colour, sign and text."""
    status_tone: str


def render_leaderboard(
    ranked: Sequence[Ranked],
    ranked_by: Score,
    scores: TaskScores,
    *,
    confidence: float,
    remark: str = "",
    pages: Mapping[str, str] | None = None,
) -> str:
    """Write the leaderboard as one HTML document that needs nothing else.

    Args:
        ranked: The entries, best first.
        ranked_by: The score that they are ranked by.
        scores: All scores of the task.
        confidence: Share of the bootstrap draws inside an interval, 0 to 1.
        remark: What a reader must know of the scores, in a sentence.
        pages: Other pages, from the folder of this one, by what they are called.
    """
    entries = [place.entry for place in ranked]
    columns = [_column(score, entries) for score in _shown_scores(entries, ranked_by, scores)]
    test = scores.published if any(entry.test_scores for entry in entries) else ()
    return render_page(
        "leaderboard",
        rows=[_row(place, columns, test, scores) for place in ranked],
        task=scores,
        tested=scores.find(scores.tested) if scores.tested else None,
        columns=columns,
        test_scores=test,
        ranked_by=ranked_by,
        remark=remark,
        confidence=f"{100 * confidence:.4g} %",
        summary=_summary(ranked),
        pages=pages or {},
    )


def _shown_scores(
    entries: Sequence[LeaderboardEntry], ranked_by: Score, scores: TaskScores
) -> list[Score]:
    """Name the scores that any entry has; first what is ranked by."""
    known = [score for score in scores.scores
             if any(entry.score(score.name) is not None for entry in entries)]  # fmt: skip
    return sorted(known, key=lambda score: score != ranked_by)


def _column(score: Score, entries: Sequence[LeaderboardEntry]) -> Column:
    estimates = [entry.scores[score.name] for entry in entries if score.name in entry.scores]
    ends = [end for estimate in estimates for end in (estimate.low, estimate.value, estimate.high)
            if math.isfinite(end)]  # fmt: skip
    scale = Scale(min(ends), max(ends))
    values = [estimate.value for estimate in estimates if math.isfinite(estimate.value)]
    return Column(
        score=score,
        scale=scale,
        scale_text=f"{scale.low:.1f} … {scale.high:.1f}",
        best=scale.place(max(values, key=score.merit)) if values else None,
    )


def _row(
    ranked: Ranked, columns: Sequence[Column], test: Sequence[Score], task: TaskScores
) -> EntryRow:
    entry, whole = ranked.entry, "{:,.0f}".format
    return EntryRow(
        entry=entry,
        rank=_cell(ranked.rank, whole),
        scores=[_score(entry, column) for column in columns],
        test=[_cell(entry.test_scores.get(score.name), "{:.2f}".format) for score in test],
        rows=_cell(entry.rows, whole),
        folds=_cell(entry.folds, whole),
        seconds=_cell(entry.training_seconds, format_duration),
        speed=_cell(entry.rows_per_second, whole),
        difference=_difference(entry, task),
        verdict=_verdict(entry.verdict),
        status_tone=_STATUS_TONES.get(entry.status, ""),
    )


def _score(entry: LeaderboardEntry, column: Column) -> Cell:
    value = entry.score(column.score.name)
    if value is None:
        return Cell(NOTHING)
    estimate = entry.scores[column.score.name]
    interval = f"[{estimate.low:.2f}, {estimate.high:.2f}]"
    return Cell(f"{value:.2f}", value, interval, column.scale.bar(estimate))


def _difference(entry: LeaderboardEntry, task: TaskScores) -> Cell:
    interval = entry.difference
    if interval is None:
        return Cell(NOTHING)
    ends = f"[{interval.low:+.2f}, {interval.high:+.2f}]"
    noun = f"common {task.row}"
    common = "" if entry.common_rows is None else f"on {counted(entry.common_rows, noun)}"
    remark = "; ".join(filter(None, [common, _p_value(entry.mcnemar_p, task)]))
    return Cell(f"{interval.difference:+.2f}", interval.difference, ends, remark=remark)


def _cell(value: float | None, write: Callable[[float], str]) -> Cell:
    return Cell(NOTHING) if value is None else Cell(write(value), value)


def format_duration(seconds: float) -> str:
    """Write a duration as a person would say it.

    >>> format_duration(8.4), format_duration(75), format_duration(7325)
    ('8 s', '1 min 15 s', '2 h 2 min')
    """
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR:,} h {whole % _HOUR // _MINUTE} min"


def _p_value(p_value: float | None, task: TaskScores) -> str:
    if p_value is None:
        return ""
    found = f"p < {_SMALLEST_P}" if p_value < _SMALLEST_P else f"p = {p_value:.3f}"
    return f"{task.find(task.tested).title}: {found}"


def _verdict(text: str) -> tuple[str, str, str]:
    """Return colour, sign and text of a verdict."""
    tones = ((tone, sign) for start, tone, sign in _TONES if text.startswith(start))
    tone, sign = next(tones, ("soft", ""))
    return tone, sign, text or NOTHING


def _summary(ranked: Sequence[Ranked]) -> str:
    """Count the entries, those with a rank, and how the runs ended."""
    counts = Counter(place.entry.status for place in ranked)
    n_ranked = sum(place.rank is not None for place in ranked)
    ended = [f"{count} {status}" for status, count in sorted(counts.items())]
    entries = counted(len(ranked), "entry", "entries")
    return f"{entries}, {n_ranked} with a rank; last runs: {', '.join(ended)}"
