"""The rules that say whether a candidate is worth a submission, each with its reason in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from klue_pipeline.base_settings import Settings
from klue_pipeline.reporting.task_scores import Score
from klue_pipeline.text.counts import counted

if TYPE_CHECKING:  # they bring pandas and SciPy along, and every command reads these settings
    from klue_pipeline.reporting.ledger.distances import Closest
    from klue_pipeline.reporting.ledger.offsets import Offset

Verdict = Literal[
    "worth a submission", "another day", "near copy", "clearly weaker", "one answer",
    "no prediction", "not on disk",
]  # fmt: skip


class LedgerParams(Settings):
    """Which candidates are worth one of the day's submissions."""

    max_per_day: int | None = Field(ge=1)
    """Most submissions that the contest takes from a team on one day; None: there is no contest."""
    near_copy_share: float = Field(gt=0, lt=1)
    """A file whose answers differ from another's in a smaller share of rows is its near copy."""


@dataclass(frozen=True)
class Candidate:
    """A file that was not submitted yet, and what speaks for it.

    Attributes:
        sha256: The SHA-256 of the file.
        name: What it is called; with the beginning of its hash where others are called so too.
        prior: The prior of its prediction.
        predicted: Its score, 0 to 100; None where none is predicted.
        low: Lower end of the prediction's interval; None where there is none.
        high: Its upper end.
        corrected: The score plus the mean offset of what was submitted with the same prior; None
            where nothing was.
        closest: The closest file that was submitted or is ranked above it, if any.
        closest_name: What that is called.
        verdict: Whether it is worth a submission.
        reason: Why, in words.
    """

    sha256: str
    name: str
    prior: str
    predicted: float | None
    low: float | None
    high: float | None
    corrected: float | None = None
    closest: "Closest | None" = None
    closest_name: str | None = None
    verdict: Verdict = "worth a submission"
    reason: str = ""


@dataclass(frozen=True)
class Rivals:
    """What each candidate is judged against.

    Attributes:
        score: The published score that counts.
        names: What to call each file.
        on_disk: The files whose answers could be read.
        one_answer: Those of them that have one answer for all rows, and that answer.
        closest: The closest file of each candidate that has one.
        near_copy_share: Below this share of rows, a file is another's near copy.
        best: For each prior, the file with the best prediction, and that prediction.
        offsets: For each prior, how far predictions were off.
    """

    score: Score
    names: Mapping[str, str]
    on_disk: frozenset[str]
    one_answer: Mapping[str, str]
    closest: "Mapping[str, Closest]"
    near_copy_share: float
    best: Mapping[str, tuple[str, float]]
    offsets: "Mapping[str, Offset]"


def _say_if_lost(candidate: Candidate, rivals: Rivals) -> str | None:
    if candidate.sha256 in rivals.on_disk:
        return None
    return "Its file is gone, or holds something else by now; make it again to submit it."


def _say_if_one_answer(candidate: Candidate, rivals: Rivals) -> str | None:
    answer = rivals.one_answer.get(candidate.sha256)
    return None if answer is None else f"It answers {answer} in every row."


def _say_if_unknown(candidate: Candidate, rivals: Rivals) -> str | None:
    if candidate.predicted is not None:
        return None
    return f"No {rivals.score.title} is predicted for it, so it has no rank."


def _say_if_near_copy(candidate: Candidate, rivals: Rivals) -> str | None:
    closest = candidate.closest
    if closest is None or closest.share >= rivals.near_copy_share:
        return None
    return (
        f"It differs from {candidate.closest_name} in {_count_rows(closest)} only; its score would "
        "tell nothing new."
    )


def _say_if_weaker(candidate: Candidate, rivals: Rivals) -> str | None:
    best, predicted = rivals.best[candidate.prior]
    score, ends, below = rivals.score, "ends", "below"
    limit = candidate.high
    if not score.higher_is_better:
        limit, ends, below = candidate.low, "begins", "above"
    if best == candidate.sha256 or limit is None or score.merit(limit) >= score.merit(predicted):
        return None
    return (
        f"Its interval {ends} at {limit:.2f}, {below} the {predicted:.2f} that is predicted "
        f"for {rivals.names[best]}."
    )


def _say_why_worth(candidate: Candidate, _: Rivals) -> str:
    if candidate.closest is None:
        return "Nothing that was submitted or ranks above it could be compared with it."
    remark = " It has no interval, so nothing says how sure its rank is."
    return (
        f"It differs from {candidate.closest_name}, the closest, in "
        f"{_count_rows(candidate.closest)}.{remark if candidate.high is None else ''}"
    )


def _count_rows(closest: "Closest") -> str:
    return f"{counted(closest.n_rows, 'row')} ({closest.share:.1%})"


RULES: tuple[tuple[Verdict, Callable[[Candidate, Rivals], str | None]], ...] = (
    ("not on disk", _say_if_lost),
    ("one answer", _say_if_one_answer),
    ("no prediction", _say_if_unknown),
    ("near copy", _say_if_near_copy),
    ("clearly weaker", _say_if_weaker),
    ("worth a submission", _say_why_worth),
)
"""Verdicts in the order in which they are considered, each with what gives the reason for it."""
