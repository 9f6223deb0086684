"""A file that waits to be submitted, with all that the page says of it."""

from dataclasses import dataclass
from typing import Literal

from klue_pipeline.relation.ledger.distances import Closest

Verdict = Literal[
    "worth a submission", "another day", "near copy", "clearly weaker", "no prediction",
    "not on disk",
]  # fmt: skip


@dataclass(frozen=True)
class Candidate:
    """A file that was not submitted yet, and what speaks for it.

    Attributes:
        sha256: The SHA-256 of the file.
        name: What it is called; with the beginning of its hash where others are called so too.
        prior: What its prediction was told for.
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
    closest: Closest | None = None
    closest_name: str | None = None
    verdict: Verdict = "worth a submission"
    reason: str = ""
