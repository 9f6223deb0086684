"""Train any model: Transformers' Trainer with our batches, best state and early stopping.

Trainer does the loop, precision, accumulation, clipping, the schedule and the resume state. This
module adds batches grouped by length, or in the order that a task hands in, the weighting of losses
over an accumulated batch, the best state beside the resume state, early stopping and progress. A
task hands in what differs:

- ``rows``, whose batches hold what the model takes, what the loss takes, and ``weights``: how much
  each loss of the batch counts;
- ``loss``, which takes the model, a batch and the progress and returns one loss for each weight;
- ``judge``, which takes the model and returns the metrics of its present state by name, those
  that ``training.select_by`` looks at among them; or None where nothing is held out.

``classification.py`` and ``pretraining/language_modelling.py`` hand in theirs; those of the
reader, in ``odqa/reader/fold_training.py``, look for the span of an answer.
"""

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer

from klue_pipeline.training.arguments import trainer_arguments
from klue_pipeline.training.batches import Batch, BatchOrder, EncodedRows
from klue_pipeline.training.best_state import PARTIAL_BEST_FILE, BestState
from klue_pipeline.training.callbacks import (
    EndReporter,
    LogAfterEpoch,
    ProgressReporter,
    RunningLoss,
    SaveAfterEvaluation,
    read_history,
)
from klue_pipeline.training.compute.dropout import KeepMasks, drawing_from, use_bit_dropout
from klue_pipeline.training.compute.memory import ReturnFreeMemory, forget_training
from klue_pipeline.training.device import choose_device
from klue_pipeline.training.optimizer import (
    build_freezing,
    build_optimizer,
    count_steps,
    count_steps_per_epoch,
)
from klue_pipeline.training.params import TrainingParams
from klue_pipeline.training.tokens.token_budget import order_by_length
from klue_pipeline.training.workspace import last_whole_checkpoint

logger = logging.getLogger(__name__)

Judge = Callable[[nn.Module], dict[str, float]]
"""Measures the present state of a model, which is on its device; metrics by name."""


class BatchLoss(Protocol):
    """What a training minimises."""

    def __call__(self, model: nn.Module, batch: Batch, progress: float) -> Tensor:
        """Return one loss for each of the batch's ``weights``.

        Args:
            model: What learns.
            batch: The tensors of some rows by name, on the model's device.
            progress: Share of the training that is done, from 0 up to, but not, 1.
        """


@dataclass(frozen=True)
class TrainingResult:
    """What one training leaves behind.

    Attributes:
        model: The model in its best state by ``training.select_by``; in its last one where nothing
            was judged.
        history: One entry per logged step, in order: ``step``, ``epoch`` and what was measured.
        steps: Optimizer steps that were made; fewer than planned after an early stop.
        best_step: The optimizer step of the best state, counted from 1.
        seconds: Wall time of the training loop in this process; a resumed one counts the rest.
    """

    model: nn.Module
    history: list[dict[str, float]]
    steps: int
    best_step: int
    seconds: float

    def best_metrics(self) -> dict[str, float]:
        """Return what the judge said of the best state; nothing where there was none."""
        row = next(entry for entry in self.history if entry["step"] == self.best_step)
        start = "validation_"
        return {name.removeprefix(start): row[name] for name in row if name.startswith(start)}


def train(  # noqa: PLR0913 (each is a thing of its own)
    model: nn.Module,
    rows: EncodedRows,
    loss: BatchLoss,
    judge: Judge | None,
    params: TrainingParams,
    scratch_folder: Path,
    *,
    order: BatchOrder | None = None,
    description: str = "train",
) -> TrainingResult:
    """Train a model and return it in its best state, on the device of ``params``.

    A call that finds the resume state of an interrupted call in ``scratch_folder`` goes on from
    there and ends with the same result. The caller makes sure that the folder belongs to this
    training and removes it once the result is stored.

    Args:
        model: The untrained model, built after ``params.seed`` was set.
        rows: What to train on; a column ``labels`` is what ``training.label_balance`` balances.
        loss: What to minimise.
        judge: How good a state is; None evaluates nothing, and the last state is the result.
        params: How to train.
        scratch_folder: Where the resume state lives meanwhile.
        order: Which rows make up a batch, where that is not left to length and labels; it says the
            same for the same epoch, however the training came there.
        description: What trains, for the progress bar and the log.

    Raises:
        ValueError: The model lacks what ``training.layer_decay`` or ``training.freeze`` needs.
    """
    trainer = BestStateTrainer(model, rows, loss, judge, params, scratch_folder, order)
    trainer.add_callback(ProgressReporter(trainer.total_steps, description))
    if params.max_steps is not None:
        trainer.add_callback(EndReporter(params.max_steps, description))
    checkpoint = last_whole_checkpoint(scratch_folder)
    if checkpoint is not None:
        logger.info("Resuming from %s", checkpoint.name)
    output = trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
    result = TrainingResult(
        model=model,
        best_step=trainer.load_best_state(),
        history=read_history(trainer.state.log_history),
        steps=trainer.state.global_step,
        seconds=float(output.metrics["train_runtime"]),
    )
    del trainer
    forget_training()
    return result


class BestStateTrainer(Trainer):
    """Trainer with our batches, loss, judge and best state.

    The arguments are those of :func:`train`.

    Attributes:
        total_steps: Optimizer steps of the whole training.
    """

    # Our loss is already divided by the weights of the whole accumulated batch.
    loss_is_scaled_for_ga = True

    def __init__(  # noqa: PLR0913, PLR0917 (those of train)
        self,
        model: nn.Module,
        rows: EncodedRows,
        loss: BatchLoss,
        judge: Judge | None,
        params: TrainingParams,
        scratch_folder: Path,
        order: BatchOrder | None = None,
    ) -> None:
        self._learner, self._rows, self._loss, self._judge = model, rows, loss, judge
        self._params = params
        self._best = BestState(scratch_folder, params.select_by)
        self._sampler = order or order_by_length(rows, params)
        if params.tokens_per_batch is not None:
            logger.info(
                "An epoch has %d batches of %.1f rows on average, of at most %d tokens each",
                len(self._sampler), len(rows) / len(self._sampler), params.tokens_per_batch,
            )  # fmt: skip
        self._steps_per_epoch = count_steps_per_epoch(len(self._sampler), params)
        self.total_steps = count_steps(self._steps_per_epoch, params)
        device, precision = choose_device(params)
        self._batch_of_step = (0, 0)
        if device.type == "cpu":
            use_bit_dropout(model)
        super().__init__(
            model=model.to(device),
            args=trainer_arguments(
                params, device, precision, self.total_steps, scratch_folder, judged=bool(judge)
            ),
            train_dataset=rows,
            eval_dataset=rows,  # Trainer wants one; evaluate() asks the judge instead.
            optimizers=(build_optimizer(model, params), None),
        )
        # Batches differ in length. Left to itself, a compiler would compile the first one for its
        # own length, so that a resumed training would compute other steps by other code.
        self.accelerator.state.dynamo_plugin.dynamic = True
        self._set_callbacks()

    def _set_callbacks(self) -> None:
        params, steps_per_epoch = self._params, self._steps_per_epoch
        self.remove_callback(PrinterCallback)
        if self.args.device.type == "cpu":
            self.add_callback(ReturnFreeMemory())
        self.add_callback(RunningLoss(self))
        if self._judge is None:
            self.add_callback(LogAfterEpoch())
        if params.evaluate_every_steps is None:
            self.add_callback(SaveAfterEvaluation(steps_per_epoch))
        if params.freeze is not None:
            self.add_callback(
                build_freezing(self._learner, params, steps_per_epoch, self.total_steps)
            )

    def get_train_dataloader(self) -> DataLoader[Batch]:
        """Return the loader of whole batches; a dataset row is never handled alone."""
        loader = DataLoader(
            self._rows,
            batch_sampler=self._sampler,
            collate_fn=_as_it_is,
            pin_memory=self.args.device.type == "cuda",
            # Without a generator of its own, every pass would draw from the global one that
            # dropout uses, and a resumed run would differ from an unbroken one.
            generator=torch.Generator(),
        )
        prepared: DataLoader[Batch] = self.accelerator.prepare(loader)
        return prepared

    def _get_num_items_in_batch(self, batch_samples: list[Batch], device: torch.device) -> Tensor:
        total: Tensor = sum(batch["weights"].sum() for batch in batch_samples)  # type: ignore[assignment]
        return total.to(device)

    def training_step(self, model: nn.Module, *args: Any, **kwargs: Any) -> Tensor:
        """Add one batch's gradients, with masks of dropout that follow from step and batch."""
        step, batch = self._batch_of_step
        batch = batch + 1 if step == self.state.global_step else 0
        self._batch_of_step = (self.state.global_step, batch)
        is_on_cpu = self.args.device.type == "cpu"
        masks = KeepMasks((self._params.seed, *self._batch_of_step)) if is_on_cpu else None
        with drawing_from(masks):
            loss: Tensor = super().training_step(model, *args, **kwargs)
        return loss

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Batch,
        return_outputs: bool = False,  # noqa: ARG002 (Trainer's signature)
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """Return the weighted sum of losses over the weights of the accumulated batch."""
        weights = inputs["weights"]
        losses = self._loss(model, inputs, self.state.global_step / self.state.max_steps)
        total = weights.sum() if num_items_in_batch is None else num_items_in_batch
        return (losses * weights).sum() / total

    def evaluate(self, *args: object, **kwargs: object) -> dict[str, float]:  # noqa: ARG002
        """Judge the present state, log the metrics, and keep the state if it is the best yet."""
        judge = cast(Judge, self._judge)  # without one, Trainer never comes here
        logged = {f"eval_{name}": value for name, value in judge(self._learner).items()}
        self.log(dict(logged))
        if self._best.step(self.state.log_history) == self.state.global_step:
            self._keep_best()
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, logged
        )
        if self._patience_is_over():
            logger.info("Stopping early: no better %s", self._params.select_by)
            self.control.should_training_stop = True
        return logged

    def _save_checkpoint(self, model: nn.Module, trial: Any) -> None:
        folder = Path(self._get_output_dir(trial=trial))
        try:
            super()._save_checkpoint(model, trial)
        except (OSError, RuntimeError, SafetensorError) as error:  # of Python, PyTorch, safetensors
            raise _cannot_save(folder, self.state.global_step, error) from error

    def _run_epoch(self, *args: Any, **kwargs: Any) -> None:
        # Gone on from its last step within an epoch, Trainer would make a step more.
        if self.state.global_step < self.total_steps:
            super()._run_epoch(*args, **kwargs)  # type: ignore[no-untyped-call]

    def load_best_state(self) -> int:
        """Load the weights of the best evaluation into the model; return its optimizer step."""
        if self._judge is None:
            return self.state.global_step
        step = self._best.step(self.state.log_history)
        if self.state.global_step != step:
            self._best.load(self._learner)
        return step

    def _keep_best(self) -> None:
        try:
            self._best.keep(self._learner)
        except (OSError, SafetensorError) as error:
            folder = Path(str(self.args.output_dir))
            raise _cannot_save(folder, self.state.global_step, error) from error

    def _patience_is_over(self) -> bool:
        patience = self._params.early_stopping_patience
        return patience is not None and (
            self._best.evaluations_since(self.state.log_history) >= patience
        )


def _cannot_save(folder: Path, step: int, error: Exception) -> OSError:
    """Make room for the next try; the checkpoint before is still there and whole."""
    shutil.rmtree(folder / f"checkpoint-{step}", ignore_errors=True)
    (folder / PARTIAL_BEST_FILE).unlink(missing_ok=True)
    free = shutil.disk_usage(folder).free / 2**20
    reason = str(error).partition("\n")[0]
    return OSError(
        f"The state of the training after step {step} could not be written to {folder}, where "
        f"{free:.0f} MiB are free: {reason}. Make room there; the same command with "
        "--only-missing-outputs then goes on from the last state that was written."
    )


def _as_it_is(batch: Any) -> Any:
    return batch
