"""How the experiments of a call ended, and what the leaderboard says of those with results."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pandas as pd

from klue_pipeline.commands.child_run import Ended
from klue_pipeline.commands.jobs import Job
from klue_pipeline.evaluation.intervals import Interval
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import SHIFT, EvaluationParams
from klue_pipeline.reporting.leaderboard import BEST
from klue_pipeline.reporting.task_scores import Score
from klue_pipeline.text.csv_tables import unescape_table


@dataclass(frozen=True)
class JobOutcome:
    """How one experiment ended.

    Attributes:
        job: The experiment.
        status: Its word in the table.
        seconds: Wall time of its run; None where none was started or it did not end by itself.
        error: The whole message of a failure.
    """

    job: Job
    status: Literal["trained", "finished before", "failed", "interrupted"]
    seconds: float | None = None
    error: str | None = None

    @classmethod
    def of_run(cls, job: Job, ended: Ended) -> "JobOutcome":
        """Return how an experiment ended whose run ended so."""
        return cls(job, "failed" if ended.error else "trained", ended.seconds, ended.error)

    @property
    def failed(self) -> bool:
        """Whether it was refused or ended early."""
        return self.status == "failed"

    @property
    def has_results(self) -> bool:
        """Whether its results on disk are those of these settings."""
        return self.status in {"trained", "finished before"}

    def describe(self) -> str:
        """Say it in one line."""
        lasted = "" if self.seconds is None else f" in {self.seconds:.0f} s"
        return f"{self.status}{lasted}" + (f": {self.reason}" if self.error else "")

    @property
    def reason(self) -> str:
        """The first line of the error, and the next one if the first only announces it."""
        lines = [line.strip() for line in (self.error or "").splitlines() if line.strip()]
        announced = bool(lines) and lines[0].endswith(":")
        return " ".join(lines[: 2 if announced else 1])


@dataclass(frozen=True)
class Board:
    """The leaderboard as the command shows it.

    Attributes:
        table: One row per entry, indexed by its name; no row where there is no leaderboard.
        ranked_by: What it is ranked by.
        confidence: Share of the bootstrap draws inside an interval, 0 to 1.
    """

    table: pd.DataFrame
    ranked_by: Score
    confidence: float

    @property
    def columns(self) -> list[str]:
        """The scores that are shown: out of fold, then of the test rows."""
        names = [score.name for score in RELATION_SCORES.published]
        return [*dict.fromkeys([*names, self.ranked_by.name]), *(f"test_{name}" for name in names)]

    @property
    def best(self) -> str:
        """The entry that the others are compared with."""
        return str(self.table.index[self.table["verdict"] == BEST][0])


NO_BOARD = Board(pd.DataFrame(), RELATION_SCORES.scores[0], 0.0)


@dataclass(frozen=True)
class Line:
    """One experiment in the table of a call; what the leaderboard does not say is missing.

    Attributes:
        outcome: How it ended.
        scores: Those of :attr:`Board.columns`, 0 to 100.
        difference: By how much it is better than the best of the leaderboard.
        verdict: What that comes to.
        note: What a reader should know besides.
    """

    outcome: JobOutcome
    scores: dict[str, float]
    difference: Interval | None = None
    verdict: str = ""
    note: str = ""


def read_board(path: Path, evaluation: EvaluationParams) -> Board:
    """Read the leaderboard's table.

    Args:
        path: The file, which a run with these settings wrote.
        evaluation: What it was made with.
    """
    table = unescape_table(pd.read_csv(path)).set_index("experiment")
    has_target = bool(table.filter(regex=f"^{SHIFT}").notna().any(axis=None))
    ranked_by = RELATION_SCORES.find(evaluation.ranking_score(has_target=has_target))
    return Board(table, ranked_by, evaluation.confidence)


def look_up(outcome: JobOutcome, board: Board) -> Line:
    """Find an experiment in the leaderboard; nothing is said of scores of other settings."""
    name = outcome.job.folder
    if not outcome.has_results or name not in board.table.index:
        return Line(outcome, {})
    row: dict[Any, Any] = board.table.loc[name].to_dict()
    ends = [float(row[part]) for part in ("difference", "difference_low", "difference_high")]
    texts = {part: "" if pd.isna(row[part]) else str(row[part]) for part in ("verdict", "note")}
    return Line(
        outcome,
        {column: float(row[column]) for column in board.columns if not pd.isna(row[column])},
        None if any(map(math.isnan, ends)) else Interval(*ends),
        **texts,
    )
