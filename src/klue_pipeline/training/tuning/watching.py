"""What goes on beside a trial: evaluations are looked at, and its process says that it lives."""

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from optuna import Trial
    from optuna.storages import RDBStorage

logger = logging.getLogger(__name__)


class EvaluationWatcher:
    """Reports each evaluation of a training to its trial, and ends the training with it.

    Args:
        trial: The trial.
        live_name: What an evaluation calls the value to look at.
        sign: -1 where a higher live value is better and a lower value of the trial, or the other
            way round.
    """

    def __init__(self, trial: "Trial", live_name: str, sign: int) -> None:
        self._trial, self._live_name, self._sign = trial, live_name, sign
        self._evaluations = 0

    def __call__(self, step: int, values: Mapping[str, float]) -> None:  # noqa: ARG002 (a listener)
        """Report what a training reports."""
        from optuna import TrialPruned

        # Folds in turn report under their names; evaluations are counted on.
        found = [values[name] for name in values if name.rpartition("/")[2] == self._live_name]
        if not found:
            return
        self._evaluations += 1
        value = found[0]
        self._trial.report(self._sign * value, self._evaluations)
        if self._trial.should_prune():
            raise TrialPruned(
                f"{value:.2f} at evaluation {self._evaluations} is below what others had there"
            )


@contextmanager
def sending_signs_of_life(storage: "RDBStorage", trial_id: int) -> Iterator[None]:
    """Let the storage know all the while that this process is at work on a trial."""
    over = threading.Event()

    def report() -> None:
        while True:
            try:
                storage.record_heartbeat(trial_id)
            except Exception as error:  # the database may come back
                logger.debug("no sign of life could be sent: %s", error)
            if over.wait(storage.get_heartbeat_interval()):
                return

    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
