"""Trouble with tracking is told, and never ends a run."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from klue_pipeline.passwords import without_passwords
from klue_pipeline.tracking.patience import GivenUpError

logger = logging.getLogger(__name__)

QUIET_SECONDS = 600.0
"""Trouble that comes back after so long without any is told again."""


class Tolerance:
    """Swallows what fails in a tracking step.

    The first failure is a warning. Those that follow it are the same trouble and only debug lines,
    until there was none for a while, or until MLflow is given up for good.
    """

    def __init__(self, subject: str = "MLflow") -> None:
        self._subject = subject
        self._last_failure = float("-inf")
        self._given_up = False

    @contextmanager
    def __call__(self, doing: str) -> Iterator[None]:
        """Run the block; ``doing`` completes the sentence "<subject> could not …"."""
        try:
            yield
        except GivenUpError as error:
            self._tell_end(doing, error)
        except Exception as error:  # each kind of store and each database driver raises its own
            reason = without_passwords(str(error)).partition("\n")[0]  # the rest may be all the SQL
            told = (self._subject, doing, reason)
            message = "%s could not %s; the run goes on without it: %s"
            logger.log(self._level(), message, *told)

    def begin(self) -> None:
        """Forget the trouble of an earlier run."""
        self._last_failure, self._given_up = float("-inf"), False

    def _level(self) -> int:
        now = time.monotonic()
        is_new = now - self._last_failure > QUIET_SECONDS
        self._last_failure = now
        return logging.WARNING if is_new else logging.DEBUG

    def _tell_end(self, doing: str, error: GivenUpError) -> None:
        level = logging.DEBUG if self._given_up else logging.WARNING
        self._given_up = True
        told = (self._subject, doing, error)
        logger.log(
            level,
            "%s could not %s: %s. It is not asked again in this run, which goes on without "
            "tracking; its results are saved as ever.",
            *told,
        )
