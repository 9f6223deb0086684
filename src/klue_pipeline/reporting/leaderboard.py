"""The leaderboard: every experiment with its scores, how sure they are, and what became of its run.

An experiment that failed stands in it too, below those with scores, so that nobody runs it again
without knowing. All scores of the task are shown, whichever of them ranks.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple

import pandas as pd

from klue_pipeline.evaluation.intervals import Estimate, Interval
from klue_pipeline.reporting.task_scores import Score, TaskScores

EntryKind = Literal["single", "composite", "member", "bundle", "blend"]
EntryStatus = Literal["finished", "failed", "killed", "running", "scores only"]

BEST, WORSE, BETTER = "best", "worse", "better on the rows that both scored"
NOISE = "no difference: noise"
NOT_COMPARABLE = "not comparable"

_WHOLE_NUMBERS = ("rank", "rows", "folds")
_OF_FOLDS = frozenset({"folds", "rows_per_second"})
"""Columns of tasks that are scored fold by fold."""
_TEXTS = frozenset(
    {"experiment", "kind", "status", "why", "verdict", "mlflow_run", "error", "note"}
)


def leaderboard_columns(scores: TaskScores) -> list[str]:
    """Return the columns of the table of a task."""
    columns = [
        "rank", "experiment", "kind", "status", "why",
        *(f"{score.name}{end}" for score in scores.scores for end in ("", "_low", "_high")),
        "rows", "folds",
        *(f"test_{score.name}" for score in scores.published),
        "training_seconds", "rows_per_second", "difference", "difference_low", "difference_high",
        "mcnemar_p", "verdict", "mlflow_run", "error", "note",
    ]  # fmt: skip
    left_out = frozenset() if scores.by_fold else _OF_FOLDS
    left_out |= frozenset() if scores.tested else {"mcnemar_p"}
    return [name for name in columns if name not in left_out]


@dataclass(frozen=True)
class LeaderboardEntry:
    """One experiment, bundle or blend.

    Attributes:
        name: Folder of its results, or the name of the bundle or blend.
        kind: What it is.
        status: How its latest run ended; ``scores only`` where no run is on record.
        why: Its hypothesis, as the lab book has it.
        rows: How many rows, or questions, its scores rest on.
        folds: Folds that they come from.
        partial: Which folds alone these are; empty for all folds of the split.
        scores: Its scores with their intervals, 0 to 100; none for an experiment that left no
            scores or answers another question.
        test_scores: The published scores of the test rows, 0 to 100; none unless their labels are
            known.
        training_seconds: Wall time of training, summed over folds; None where nothing was trained.
        rows_per_second: Training rows that went through the model, by second.
        difference: By how much it is better than the best, under what is ranked by.
        common_rows: On how many rows it is compared with the best, where either scored others.
        mcnemar_p: P-value of McNemar's test against the best, 0 to 1.
        verdict: What the two say, as :func:`give_verdict` words it.
        mlflow_run_id: The run in MLflow that made the scores.
        mlflow_link: Its page there; None where it is not known.
        error: Why the latest run failed.
        note: What a reader should know besides.
        started_at: When the run that made the scores began, in UTC.
        variant_of: The experiment whose variant it is; ``why`` is that one's.
        expected: What its submission should score, in words.
        pages: Files about it, from the folder of the leaderboard, by what they are called.
    """

    name: str
    kind: EntryKind
    status: EntryStatus
    why: str = ""
    rows: int | None = None
    folds: int | None = None
    partial: str = ""
    scores: Mapping[str, Estimate] = field(default_factory=dict)
    test_scores: Mapping[str, float] = field(default_factory=dict)
    training_seconds: float | None = None
    rows_per_second: float | None = None
    difference: Interval | None = None
    common_rows: int | None = None
    mcnemar_p: float | None = None
    verdict: str = ""
    mlflow_run_id: str | None = None
    mlflow_link: str | None = None
    error: str | None = None
    note: str = ""
    started_at: datetime | None = None
    variant_of: str = ""
    expected: str = ""
    pages: Mapping[str, str] = field(default_factory=dict)

    def score(self, name: str) -> float | None:
        """Return the value of a score; None if there is none, or it is no number."""
        estimate = self.scores.get(name)
        return None if estimate is None or math.isnan(estimate.value) else estimate.value


class Ranked(NamedTuple):
    """An entry and its place."""

    rank: int | None
    """From 1; equal scores share the better place. None without the score, or without scores of
    all folds beside entries that have them."""
    entry: LeaderboardEntry


class TrainingSpeed(NamedTuple):
    """What training cost."""

    seconds: float | None
    rows_per_second: float | None


def rank_entries(entries: Sequence[LeaderboardEntry], score: Score) -> list[Ranked]:
    """Put entries into the order of the leaderboard, best first.

    Args:
        entries: In any order; each name once.
        score: What they are ranked by.

    Returns:
        Entries without the score have no rank and stand below the others, by name. Those of some
        folds only stand between them without a rank: what they scored are other rows. If no entry
        has scores of all folds, they are ranked.

    Raises:
        ValueError: Two entries have one name.
    """
    _require_single_names(entries)
    merits = {entry.name: score.merit(value) for entry in entries
              if (value := entry.score(score.name)) is not None}  # fmt: skip
    whole = {entry.name: merits[entry.name] for entry in entries
             if entry.name in merits and not entry.partial}  # fmt: skip
    counted = pd.Series(whole or merits, dtype="float64")
    ranks = counted.rank(method="min", ascending=False).astype(int)

    def place(entry: LeaderboardEntry) -> tuple[bool, float, str]:
        return entry.name not in ranks, -merits.get(entry.name, -math.inf), entry.name

    return [Ranked(ranks.get(entry.name), entry) for entry in sorted(entries, key=place)]


def build_leaderboard(ranked: Sequence[Ranked], scores: TaskScores) -> pd.DataFrame:
    """Put ranked entries into one table.

    Returns:
        A row per entry with the columns of :func:`leaderboard_columns`. What is not known is
        missing.
    """
    columns = leaderboard_columns(scores)
    table = pd.DataFrame([_record(place) for place in ranked], columns=columns)
    kinds = {name: "str" if name in _TEXTS else "float64" for name in columns}
    whole = {name: "Int64" for name in _WHOLE_NUMBERS if name in kinds}
    return table.astype(kinds | whole)


def give_verdict(
    difference: Interval | None, *, is_best: bool = False, reason: str | None = None
) -> str:
    """Say what a comparison with the best comes to.

    Args:
        difference: By how much the entry is better than the best; None if that is not known.
        is_best: Whether it is the best itself.
        reason: Why it cannot be compared with the best.

    >>> give_verdict(Interval(-0.3, -0.9, 0.2)), give_verdict(Interval(-2.0, -2.8, -1.1))
    ('no difference: noise', 'worse')
    >>> give_verdict(None, reason="other folds")
    'not comparable: other folds'
    """
    if is_best:
        return BEST
    if difference is None:
        return f"{NOT_COMPARABLE}: {reason}" if reason else ""
    if not difference.excludes_zero:
        return NOISE
    return WORSE if difference.high < 0 else BETTER


def measure_training(folds: Iterable[Mapping[str, float]]) -> TrainingSpeed:
    """Sum up what training took.

    Args:
        folds: The metrics of each fold: ``training_seconds`` and, for the speed, ``training_rows``
            and ``epochs`` (how often these went through the model; a part counts as one). A
            composite trains nothing, so that its folds have none of them.

    Returns:
        The seconds of all folds, and their rows by second; None for what a fold does not tell.
    """
    metrics = list(folds)
    seconds = _sum_known([fold.get("training_seconds") for fold in metrics])
    rows = _sum_known([_rows_seen(fold) for fold in metrics])
    return TrainingSpeed(seconds, rows / seconds if rows is not None and seconds else None)


def _rows_seen(fold: Mapping[str, float]) -> float | None:
    rows, epochs = fold.get("training_rows"), fold.get("epochs")
    return None if rows is None or epochs is None else rows * epochs


def _sum_known(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known and len(known) == len(values) else None


def _require_single_names(entries: Sequence[LeaderboardEntry]) -> None:
    counts = Counter(entry.name for entry in entries)
    repeated = sorted(name for name, count in counts.items() if count > 1)
    if repeated:
        raise ValueError(
            f"Found more than one entry of the leaderboard called {', '.join(repeated)}; rename "
            "the bundle, the experiment or the blend."
        )


def _record(ranked: Ranked) -> dict[str, object]:
    entry, difference = ranked.entry, ranked.entry.difference
    shown = ("kind", "status", "why", "rows", "folds", "training_seconds", "rows_per_second",
             "mcnemar_p", "verdict", "error")  # fmt: skip
    return {
        **{name: getattr(entry, name) for name in shown},
        **_score_columns(entry.scores),
        **{f"test_{name}": value for name, value in entry.test_scores.items()},
        "rank": ranked.rank,
        "experiment": entry.name,
        "difference": difference.difference if difference else None,
        "difference_low": difference.low if difference else None,
        "difference_high": difference.high if difference else None,
        "mlflow_run": entry.mlflow_run_id,
        "note": "; ".join(filter(None, [entry.partial, entry.note])),
    }


def _score_columns(scores: Mapping[str, Estimate]) -> dict[str, float]:
    columns: dict[str, float] = {}
    for name, estimate in scores.items():
        ends = {f"{name}_low": estimate.low, f"{name}_high": estimate.high}
        columns |= {name: estimate.value, **ends}
    return columns
