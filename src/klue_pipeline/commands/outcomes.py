"""How each experiment of a call ended."""

from dataclasses import dataclass
from typing import Literal

from klue_pipeline.commands.jobs import Job


@dataclass(frozen=True)
class Outcome:
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
