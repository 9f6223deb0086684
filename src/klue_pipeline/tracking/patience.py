"""How long a run waits for an MLflow that does not answer: one budget for all calls together.

Every kind of store has time limits of its own, or none; a frozen server would make each call wait
for them anew. Here no call waits longer than what is left for the whole run.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

from klue_pipeline.passwords import hide_in_error

SECONDS_LOST_AT_MOST = 60.0
"""So long all calls of a process that fail or hang may take together."""
SECONDS_TO_SAY_GOODBYE = 10.0
"""One more try at the end of a run that MLflow was given up in: it may be back."""
SLOWEST_UPLOAD = 1e6
"""Bytes per second; a file that takes longer than this and the budget together hangs."""


class GivenUpError(RuntimeError):
    """MLflow has cost this run as much time as it may; it is not asked again."""


class Patience:
    """Calls MLflow, and gives up once failed and hanging calls have used up the time for them."""

    def __init__(self, seconds: float = SECONDS_LOST_AT_MOST) -> None:
        self._seconds = seconds
        self._left = seconds

    @property
    def is_over(self) -> bool:
        """Whether MLflow was given up."""
        return self._left <= 0

    def grant(self, seconds: float) -> None:
        """Allow for a last try after all."""
        self._left = max(self._left, seconds)

    def wait_for(self, call: Callable[[], Any], n_bytes: int = 0) -> Any:
        """Return what a call returns, or raise what it raises.

        A call that works costs nothing, however slow it is. One that hangs is left behind in its
        thread, which does not keep the process alive.

        Args:
            call: What to do.
            n_bytes: Size of what it sends; a large file is no hanging call.

        Raises:
            GivenUpError: The call hangs, or earlier ones have used up the time.
        """
        if self.is_over:
            raise GivenUpError(self._say_so())
        answer = _Answer(call)
        began = time.monotonic()
        answer.wait(self._left + n_bytes / SLOWEST_UPLOAD)
        if answer.is_alive():
            self._left = 0.0
            raise GivenUpError(self._say_so())
        if answer.error is not None:
            self._left -= time.monotonic() - began
            hide_in_error(answer.error)
            raise answer.error
        return answer.value

    def _say_so(self) -> str:
        return f"no answer for {self._seconds:.0f} s in all"


class _Answer(threading.Thread):
    """One call in a thread of its own, so that whoever asks need not wait for it."""

    def __init__(self, call: Callable[[], Any]) -> None:
        super().__init__(daemon=True, name="MLflow call")
        self._call = call
        self.value: Any = None
        self.error: Exception | None = None

    def wait(self, seconds: float) -> None:
        """Start, and wait for the end, but no longer than this."""
        try:
            self.start()
        except RuntimeError:  # Python 3.12 starts no thread as it exits
            self.run()
        else:
            self.join(seconds)

    def run(self) -> None:
        """Call, and keep what comes of it; the name is threading's."""
        try:
            self.value = self._call()
        except Exception as error:  # each kind of store and each database driver raises its own
            self.error = error


class PatientClient:
    """An MLflow client whose calls go through a run's patience."""

    def __init__(self, client: Any, patience: Patience) -> None:
        self._client = client
        self._patience = patience

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        def ask(*args: Any, n_bytes: int = 0, **kwargs: Any) -> Any:
            return self._patience.wait_for(lambda: method(*args, **kwargs), n_bytes)

        return ask
