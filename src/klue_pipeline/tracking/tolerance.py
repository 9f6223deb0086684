"""Trouble with tracking is told once and never ends a run."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)


class Tolerance:
    """Swallows what fails in a tracking step: the first time with a warning, then in silence."""

    def __init__(self, subject: str = "MLflow") -> None:
        self._subject = subject
        self._warned = False

    @contextmanager
    def __call__(self, doing: str) -> Iterator[None]:
        """Run the block; ``doing`` completes the sentence "<subject> could not …"."""
        try:
            yield
        except Exception as error:  # each kind of store and each database driver raises its own
            level = logging.DEBUG if self._warned else logging.WARNING
            self._warned = True
            said = (self._subject, doing, error)
            logger.log(level, "%s could not %s; the run goes on without it: %s", *said)
