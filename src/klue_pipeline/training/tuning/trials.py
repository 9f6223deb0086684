"""Trials of a study, one after the other: taken, watched, ended early, given up, tried again.

What a trial does is handed in: a function of settings that returns one value. Trials that fail, or
whose process dies, are tried once more with the same values; trials of settings that do not go
together are pruned with the reason.
"""

import logging
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from klue_pipeline.training.progress import Part, also_listening, open_part
from klue_pipeline.training.tuning.objective import (
    SEED,
    VALUES,
    Attempt,
    Objective,
    RefusedError,
    Workers,
)
from klue_pipeline.training.tuning.space import Space, written
from klue_pipeline.training.tuning.study import alone_with, is_retry, reseed
from klue_pipeline.training.tuning.tune_params import SearchParams
from klue_pipeline.training.tuning.watching import EvaluationWatcher, sending_signs_of_life

if TYPE_CHECKING:
    from optuna import Study, Trial
    from optuna.storages import RDBStorage
    from optuna.trial import FrozenTrial

logger = logging.getLogger(__name__)

_MOST_FAILURES_IN_A_ROW = 3
_PROCESS, _REASON = "process", "reason"


@dataclass
class Search:
    """A study with what its trials do.

    Attributes:
        study: What the trials belong to.
        storage: Where it is kept.
        objective: What they do.
        params: How many there are, and how they are looked at.
        space: What they are drawn from; None where each says its values itself.
        workers: Who works on them.
        name: What a trial is called in the log and in MLflow.
    """

    study: "Study"
    storage: "RDBStorage"
    objective: Objective
    params: SearchParams
    workers: Workers
    space: Space | None = None
    name: str = "trial"
    _failures: int = field(default=0, init=False)

    def run(self, limit: int) -> None:
        """Run trials until the study has enough, or only others are at work.

        Args:
            limit: How many the study has in the end, retries not counted.

        Raises:
            ConnectionError: The database does not answer any more.
            Exception: What the last of several failures in a row raised.
        """
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import OperationalError

        try:
            while self._run_next(limit):
                pass
        except (StorageInternalError, OperationalError) as error:
            raise ConnectionError(
                f"The database of the study {self.study.study_name!r} does not answer any more. "
                "When it does, give the same command again: the search goes on, and the trial that "
                "was under way is tried once more."
            ) from error

    def _run_next(self, limit: int) -> bool:
        """Run one trial, if there is one to run; tell whether there was."""
        with alone_with(self.study) as alone:
            self._give_up_dead(alone)
            trial = self._take(limit)
        if trial is None:
            return False
        with sending_signs_of_life(self.storage, self._id_of(trial.number)):
            self._run(trial)
        return True

    def running_elsewhere(self) -> int:
        """Return how many trials other processes are at."""
        return sum(trial.state.name == "RUNNING" for trial in self._trials())

    def _id_of(self, number: int) -> int:
        study_id = self.storage.get_study_id_from_name(self.study.study_name)
        return self.storage.get_trial_id_from_study_id_trial_number(study_id, number)

    def _trials(self) -> "list[FrozenTrial]":
        return self.study.get_trials(deepcopy=False)

    def _take(self, limit: int) -> "Trial | None":
        """Start a trial: one to try again, one that waits, a new one; None if there are enough."""
        from optuna.trial import TrialState

        trial = self._take_again()
        if trial is None and self._started() >= limit:
            return None
        trial = trial or self._ask()
        trial_id = self._id_of(trial.number)
        is_new = not is_retry(self.storage.get_trial(trial_id))
        if is_new and self._started(before=trial.number) >= limit:
            # Another process was faster. It waits for whoever wants more trials.
            self.storage.set_trial_state_values(trial_id, TrialState.WAITING)
            return None
        trial.set_user_attr(_PROCESS, self.workers.own)
        return trial

    def _ask(self) -> "Trial":
        """Start the next trial; its sampler draws some of its values at once."""
        known = self._trials()
        waiting = [trial.number for trial in known if trial.state.name == "WAITING"]
        reseed(self.study, self.params, waiting[0] if waiting else len(known))
        return self.study.ask()

    def _take_again(self) -> "Trial | None":
        """Start a trial that is to be tried again; what waits for more trials stands before it."""
        from optuna import Trial
        from optuna.trial import TrialState

        for waiting in filter(_waits_again, self._trials()):
            trial_id = self._id_of(waiting.number)
            if self.storage.set_trial_state_values(trial_id, TrialState.RUNNING):
                reseed(self.study, self.params, waiting.number)
                return Trial(self.study, trial_id)
        return None

    def _started(self, before: int | None = None) -> int:
        """Count the trials that are under way or over, without those that try one again."""
        return sum(
            trial.state.name != "WAITING"
            and not is_retry(trial)
            and (before is None or trial.number < before)
            for trial in self._trials()
        )

    def _give_up_dead(self, alone: bool) -> None:
        from optuna.storages import fail_stale_trials

        for trial in self._trials():
            process = trial.user_attrs.get(_PROCESS)
            # Who takes a trial says who it is before others are let in.
            is_over = self.workers.is_dead(process) if process else alone
            if trial.state.name == "RUNNING" and is_over:
                logger.warning("%s %d: its process was killed", self.name, trial.number)
                self._fail(trial.number, "its process was killed")
        fail_stale_trials(self.study)

    def _run(self, trial: "Trial") -> None:
        from optuna.exceptions import UpdateFinishedTrialError

        facts = {"klue.trial": str(trial.number), "klue.study": self.study.study_name}
        try:
            attempt = self._attempt(trial)
            with open_part(Part(f"{self.name} {trial.number}", attempt.settings, facts)) as part:
                self._evaluate(trial, attempt, part)
        except KeyboardInterrupt:
            self._fail(trial.number, "interrupted")
            raise
        except UpdateFinishedTrialError:
            logger.warning("%s %d: others took this process for dead", self.name, trial.number)
        except Exception as error:
            self._after_failure(trial, error)
        else:
            self._failures = 0

    def _attempt(self, trial: "Trial") -> Attempt:
        known = trial.user_attrs.get(VALUES)
        values = known if known is not None or self.space is None else self.space.draw(trial)
        frozen = self.storage.get_trial(self._id_of(trial.number))
        number = frozen.system_attrs.get("failed_trial", trial.number)
        return Attempt(values or {}, trial.user_attrs.get(SEED, 0), 1.0, number, self.name)

    def _evaluate(self, trial: "Trial", attempt: Attempt, part: Part) -> None:
        """Train, and tell the study the value, or why there is none."""
        from optuna import TrialPruned

        try:
            value = self._climb(trial, attempt)
        except (RefusedError, TrialPruned) as end:
            reason = str(end) or "pruned"
            self._tell(trial, None, reason)
            part.tags["klue.pruned"] = reason
            return
        self._tell(trial, value, "")
        part.metrics["value"] = value
        drawn = written(attempt.settings) or "the experiment as it was"
        logger.info("%s %d: %.2f with %s", self.name, trial.number, value, drawn)

    def _climb(self, trial: "Trial", attempt: Attempt) -> float:
        """Evaluate an attempt from rung to rung; the last value is the trial's."""
        from optuna import TrialPruned

        if self.params.rungs == "evaluations":
            live_name = self.objective.live_name
            sign = 1 if self.objective.live_rises == self.objective.rises else -1
            with also_listening(EvaluationWatcher(trial, live_name, sign)):
                return _require_number(self.objective.evaluate(attempt))
        value = 0.0
        for rung, share in enumerate(self.params.row_shares, start=1):
            value = _require_number(self.objective.evaluate(replace(attempt, row_share=share)))
            trial.report(value, rung)
            if share < 1 and trial.should_prune():
                raise TrialPruned(f"{value:.2f} on {share:.0%} of the rows is below the others'")
        return value

    def _tell(self, trial: "Trial", value: float | None, reason: str) -> None:
        from optuna.trial import TrialState

        if reason:
            trial.set_user_attr(_REASON, reason)
            logger.info("%s %d: %s", self.name, trial.number, reason)
        state = TrialState.PRUNED if value is None else TrialState.COMPLETE
        # Others may have taken this process for dead, such as one that slept.
        self.study.tell(trial, value, state=state, skip_if_finished=True)

    def _after_failure(self, trial: "Trial", error: Exception) -> None:
        self._failures += 1
        reason = f"{type(error).__name__}: {error}"
        logger.warning("%s %d failed: %s", self.name, trial.number, reason)
        self._fail(trial.number, reason)
        if self._failures >= _MOST_FAILURES_IN_A_ROW:
            raise error

    def _fail(self, number: int, reason: str) -> None:
        """Mark a trial as failed, and let its values be tried once more."""
        from optuna.exceptions import UpdateFinishedTrialError
        from optuna.storages import RetryHeartbeatStaleTrialCallback
        from optuna.trial import TrialState

        trial_id = self._id_of(number)
        try:
            self.storage.set_trial_user_attr(trial_id, _REASON, reason)
            self.storage.set_trial_state_values(trial_id, TrialState.FAIL)
        except UpdateFinishedTrialError:
            return  # another process saw it first
        failed = self.storage.get_trial(trial_id)
        failed.user_attrs.pop(_REASON, None)
        failed.user_attrs.pop(_PROCESS, None)
        RetryHeartbeatStaleTrialCallback(max_retry=1)(self.study, failed)


def _require_number(value: float) -> float:
    """Prune a trial whose training diverged; its sampler would not take what is no number."""
    from optuna import TrialPruned

    if math.isnan(value):
        raise TrialPruned("its training diverged, so that its score is no number")
    return value


def _waits_again(trial: "FrozenTrial") -> bool:
    return trial.state.name == "WAITING" and is_retry(trial)
