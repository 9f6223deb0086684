"""What a person sees of a training: a progress bar, one line per evaluation, live values, history.

And when Trainer saves its resume state, and what it forgets to save.
"""

import logging
from typing import Any, cast

from tqdm import tqdm
from transformers import (
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.trainer_callback import ExportableState

from klue_pipeline.training.progress import report_progress

logger = logging.getLogger(__name__)


class ProgressReporter(TrainerCallback):
    """Draw a progress bar, log one line per evaluation, and report every logged value.

    Args:
        total_steps: Optimizer steps of the whole training.
        description: What trains, shown before the bar.
    """

    def __init__(self, total_steps: int, description: str) -> None:
        self._total_steps = total_steps
        self._description = description
        self._bar: tqdm[Any] | None = None

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Start the bar where training starts, which a resumed one does not at 0."""
        self._bar = tqdm(
            total=self._total_steps,
            initial=state.global_step,
            desc=self._description,
            unit="step",
            leave=False,
            disable=None,  # only on a terminal; a log file gets the lines below
            dynamic_ncols=True,
        )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Advance the bar by one optimizer step."""
        if self._bar is not None:
            self._bar.update(1)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Report what was measured; show the training loss beside the bar."""
        reported = rename_values(logs or {})
        if reported:
            report_progress(state.global_step, reported)
        if self._bar is not None and "train_loss" in reported:
            self._bar.set_postfix(loss=f"{reported['train_loss']:.3f}")

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """Log one line with the evaluation's metrics."""
        values = {name.removeprefix("eval_"): value for name, value in (metrics or {}).items()}
        shown = ", ".join(f"{name} {value:.2f}" for name, value in values.items())
        logger.info("%s, epoch %.3g: %s", self._description, state.epoch or 0, shown)

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Close the bar."""
        if self._bar is not None:
            self._bar.close()


class EndReporter(TrainerCallback):
    """Log whether a limit of steps ended the training, or the epochs were over before.

    Args:
        max_steps: The limit, in optimizer steps.
        description: What trains.
    """

    def __init__(self, max_steps: int, description: str) -> None:
        self._max_steps = max_steps
        self._description = description

    def on_train_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Log it; a training that stopped early has said so."""
        if state.global_step == self._max_steps:
            logger.info(
                "%s: max_steps ended the training after %d steps, %.3g epochs",
                self._description, state.global_step, state.epoch,
            )  # fmt: skip
        elif state.global_step == state.max_steps:
            logger.warning(
                "%s: the epochs were over after %d steps, before max_steps (%d); raise epochs for "
                "a comparison at equal steps",
                self._description, state.global_step, self._max_steps,
            )  # fmt: skip


class SaveAfterEvaluation(TrainerCallback):
    """Save the last step of an epoch, or of the training, after its evaluation and not before it.

    Trainer saves by steps within the epoch and evaluates after it. A training that goes on from a
    state between the two starts with the next epoch: that evaluation would never take place.

    Args:
        steps_per_epoch: Optimizer steps of one epoch.
    """

    def __init__(self, steps_per_epoch: int) -> None:
        self._steps_per_epoch = steps_per_epoch

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Put the save off."""
        if state.global_step % self._steps_per_epoch == 0 or state.global_step >= state.max_steps:
            control.should_save = False

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Save; Trainer evaluates first."""
        control.should_save = True


class LogAfterEpoch(TrainerCallback):
    """Log the training loss at the end of each epoch, where no evaluation is logged there."""

    def on_epoch_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Log; Trainer leaves it out where this step was logged already."""
        control.should_log = True


class RunningLoss(TrainerCallback, ExportableState):
    """Keep, in the resume state, the training losses since the last logged step.

    Trainer starts their sum anew when it goes on, so that the next logged loss would be the mean of
    what came after the resume state alone.

    Args:
        trainer: Whose sum it is.
    """

    def __init__(self, trainer: Trainer) -> None:
        self._trainer = trainer

    def state(self) -> dict[str, Any]:
        """Return the sum, and the step that was logged last."""
        loss = float(getattr(self._trainer, "_tr_loss", 0.0))
        logged = getattr(self._trainer, "_globalstep_last_logged", 0)
        return {"args": {}, "attributes": {"loss": loss, "last_logged_step": logged}}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Put the sum back."""
        stored = cast(dict[str, Any], state.stateful_callbacks).get(type(self).__name__)
        if state.global_step and stored is not None:
            kept = stored["attributes"]
            self._trainer._tr_loss += kept["loss"]
            self._trainer._globalstep_last_logged = kept["last_logged_step"]


_NAMES = {"loss": "train_loss", "grad_norm": "gradient_norm", "learning_rate": "learning_rate"}


def rename_values(logs: dict[str, float]) -> dict[str, float]:
    """Give Trainer's logged values our names, and leave out what is no measurement.

    >>> rename_values({"loss": 0.5, "eval_auprc": 61.0, "epoch": 1.0, "train_loss": 0.7})
    {'train_loss': 0.5, 'validation_auprc': 61.0}
    """
    renamed = {}
    for name, value in logs.items():
        if name.startswith("eval_"):
            renamed["validation_" + name.removeprefix("eval_")] = value
        elif name in _NAMES:
            renamed[_NAMES[name]] = value
    return renamed


def read_history(log: list[dict[str, float]]) -> list[dict[str, float]]:
    """Turn Trainer's log into one entry per step: what was measured there, under our names.

    >>> read_history([{"step": 2, "epoch": 1.0, "loss": 0.5}, {"step": 2, "epoch": 1.0,
    ...     "eval_micro_f1": 60.0}, {"step": 2, "epoch": 1.0, "train_runtime": 3.0}])
    [{'step': 2, 'epoch': 1.0, 'train_loss': 0.5, 'validation_micro_f1': 60.0}]
    """
    rows: dict[float, dict[str, float]] = {}
    for entry in log:
        if values := rename_values(entry):
            row = rows.setdefault(entry["step"], {"step": entry["step"], "epoch": entry["epoch"]})
            # Sorted as in a resume state, so that a resumed training's columns stand as all others.
            row.update(sorted(values.items()))
    return list(rows.values())
