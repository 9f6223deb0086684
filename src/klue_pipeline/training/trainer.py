"""Train one classifier on one fold: Transformers' Trainer with our batches, loss and best state.

What Trainer does well stays with it: the loop, precision, accumulation, clipping, the schedule
and the resume state. What differs stands here: batches grouped by length, a loss per row with
row weights, evaluation through our own prediction code, and the best state kept beside the resume
state.
"""

import logging
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader
from transformers import PrinterCallback, Trainer, TrainingArguments, set_seed

from klue_pipeline.training.batches import Batch, EncodedRows
from klue_pipeline.training.callbacks import ProgressReporter, SaveAfterEvaluation, rename_values
from klue_pipeline.training.checkpoints import last_whole_checkpoint
from klue_pipeline.training.device import explain_out_of_memory, resolve_device, resolve_precision
from klue_pipeline.training.freezing import build_freezing
from klue_pipeline.training.losses import RowLoss
from klue_pipeline.training.optimizer import build_optimizer, count_steps, count_warmup_steps
from klue_pipeline.training.params import TrainingParams
from klue_pipeline.training.prediction import Scorer, predict_logits
from klue_pipeline.training.sampler import LengthGroupedBatchSampler

logger = logging.getLogger(__name__)

BEST_FILE = "best.safetensors"
_SCHEDULES = {
    "linear": "linear",
    "constant": "constant_with_warmup",
    "cosine": "cosine",
    "cosine_restarts": "cosine_with_restarts",
}


class BuildsModel(Protocol):
    """Anything that builds the untrained model after the seed was set."""

    def __call__(self) -> nn.Module:
        """Return a new model."""


@dataclass(frozen=True)
class TrainingResult:
    """What one training leaves behind.

    Attributes:
        model: The model in its best state by ``training.select_by``, on the CPU, evaluating.
        validation_logits: Its scores for the validation rows. Shape: (rows, labels).
        history: One entry per logged step, in order: ``step``, ``epoch`` and what was measured.
        best_step: The optimizer step of the best state, counted from 1.
        seconds: Wall time of the training loop in this process; a resumed one counts the rest.
    """

    model: nn.Module
    validation_logits: NDArray[np.float32]
    history: list[dict[str, float]]
    best_step: int
    seconds: float


@dataclass(frozen=True)
class FoldRows:
    """Encoded rows of one fold. ``training`` carries the columns ``labels`` and ``weights``."""

    training: EncodedRows
    validation: EncodedRows
    validation_label_ids: NDArray[np.int64]


def train_classifier(  # noqa: PLR0913 (each is a thing of its own)
    build_model: BuildsModel,
    rows: FoldRows,
    loss: RowLoss,
    scorer: Scorer,
    params: TrainingParams,
    scratch_folder: Path,
    *,
    description: str = "train",
) -> TrainingResult:
    """Train a model on the training rows and keep its best state on the validation rows.

    A call that finds the resume state of an interrupted call in ``scratch_folder`` goes on from
    there and ends with the same result. The caller makes sure that the folder belongs to this
    training and removes it once the result is stored.

    Args:
        build_model: Builds the untrained model; called after the seed was set.
        rows: What to train and to validate on.
        loss: Loss per row, given logits, label ids and the share of the training that is done.
        scorer: Metrics of validation logits; must hold every value of ``training.select_by``.
        params: How to train.
        scratch_folder: Where the resume state lives meanwhile.
        description: What trains, for the progress bar and the log.

    Raises:
        ValueError: The model lacks what ``training.layer_decay`` or ``training.freeze`` needs.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    set_seed(params.seed)
    trainer = ClassifierTrainer(build_model(), rows, loss, scorer, params, scratch_folder)
    trainer.show_progress(description)
    checkpoint = last_whole_checkpoint(scratch_folder)
    if checkpoint is not None:
        logger.info("Resuming from %s", checkpoint.name)
    with explain_out_of_memory(params):
        output = trainer.train(
            resume_from_checkpoint=None if checkpoint is None else str(checkpoint)
        )
        trainer.load_best_state()
        logits = trainer.score_validation_rows()
    return TrainingResult(
        model=trainer.classifier.to("cpu").eval(),
        validation_logits=logits,
        history=read_history(trainer.state.log_history),
        best_step=trainer.best_step,
        seconds=float(output.metrics["train_runtime"]),
    )


class ClassifierTrainer(Trainer):
    """Trainer with our batches, loss, evaluation and best state.

    The arguments are those of :func:`train_classifier`.
    """

    # Our loss is already divided by the weights of the whole accumulated batch.
    loss_is_scaled_for_ga = True

    def __init__(
        self,
        model: nn.Module,
        rows: FoldRows,
        loss: RowLoss,
        scorer: Scorer,
        params: TrainingParams,
        scratch_folder: Path,
    ) -> None:
        self._rows, self._loss, self._scorer, self._params = rows, loss, scorer, params
        self.classifier = model
        self._scratch_folder = scratch_folder
        self._sampler = LengthGroupedBatchSampler(
            rows.training.lengths,
            params.batch_size,
            params.seed,
            group_by_length=params.group_by_length,
            label_ids=rows.training.columns.get("labels"),
            label_balance=params.label_balance,
        )
        device = resolve_device(params.device)
        self._precision = resolve_precision(params.precision, device)
        total_steps = count_steps(len(self._sampler), params)
        super().__init__(
            model=model.to(device),
            args=_arguments(params, self._precision, device, total_steps, scratch_folder),
            train_dataset=rows.training,
            eval_dataset=rows.validation,
            optimizers=(build_optimizer(model, params), None),
        )
        self.remove_callback(PrinterCallback)
        steps_per_epoch = total_steps // params.epochs
        if params.evaluate_every_steps is None:
            self.add_callback(SaveAfterEvaluation(steps_per_epoch))
        if params.freeze is not None:
            self.add_callback(build_freezing(model, params, steps_per_epoch))

    def show_progress(self, description: str) -> None:
        """Draw a progress bar and report values while training."""
        total_steps = count_steps(len(self._sampler), self._params)
        self.add_callback(ProgressReporter(total_steps, description))

    def get_train_dataloader(self) -> DataLoader[Batch]:
        """Return the loader of whole batches; a dataset row is never handled alone."""
        loader = DataLoader(
            self._rows.training,
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

    def compute_loss(
        self,
        model: nn.Module,
        inputs: Batch,
        return_outputs: bool = False,  # noqa: ARG002 (Trainer's signature)
        num_items_in_batch: Tensor | int | None = None,
    ) -> Tensor:
        """Return the weighted sum of row losses over the weights of the accumulated batch."""
        label_ids, weights = inputs.pop("labels"), inputs.pop("weights")
        progress = self.state.global_step / self.state.max_steps
        losses = self._loss(model(**inputs).float(), label_ids, progress)  # (batch,)
        total = weights.sum() if num_items_in_batch is None else num_items_in_batch
        return (losses * weights).sum() / total

    def evaluate(self, *args: object, **kwargs: object) -> dict[str, float]:  # noqa: ARG002
        """Score the validation rows, log the metrics, and keep the state if it is the best yet."""
        logits = self.score_validation_rows()
        metrics = self._scorer(logits, self._rows.validation_label_ids)
        logged = {f"eval_{name}": value for name, value in metrics.items()}
        self.log(dict(logged))
        self._keep_if_best()
        self.control = self.callback_handler.on_evaluate(
            self.args, self.state, self.control, logged
        )
        if self._patience_is_over():
            logger.info("Stopping early: no better %s", self._params.select_by)
            self.control.should_training_stop = True
        return logged

    def score_validation_rows(self) -> NDArray[np.float32]:
        """Return the logits of the validation rows under the model's present state."""
        size = self._params.evaluation_batch_size
        return predict_logits(self.classifier, self._rows.validation, size, self._precision)

    @property
    def best_step(self) -> int:
        """The optimizer step of the best evaluation so far; the earliest among equals."""
        evaluations = self._evaluations()
        return evaluations[_index_of_best(evaluations, self._params.select_by)][0]

    def load_best_state(self) -> None:
        """Load the weights of the best evaluation into the model."""
        if self.state.global_step != self.best_step:
            self.classifier.load_state_dict(load_file(self._scratch_folder / BEST_FILE))

    def _evaluations(self) -> list[tuple[int, float]]:
        # The log is part of the resume state, so best state and patience survive a kill with it.
        key = f"eval_{self._params.select_by}"
        return [(int(row["step"]), row[key]) for row in self.state.log_history if key in row]

    def _keep_if_best(self) -> None:
        if self.best_step == self.state.global_step:
            weights = {
                name: value.contiguous() for name, value in self.classifier.state_dict().items()
            }
            partial = self._scratch_folder / f"{BEST_FILE}.partial"
            save_file(weights, partial)
            partial.replace(self._scratch_folder / BEST_FILE)

    def _patience_is_over(self) -> bool:
        patience = self._params.early_stopping_patience
        if patience is None:
            return False
        evaluations = self._evaluations()
        best = _index_of_best(evaluations, self._params.select_by)
        return len(evaluations) - 1 - best >= patience


def _as_it_is(batch: Any) -> Any:
    return batch


def _index_of_best(evaluations: list[tuple[int, float]], metric: str) -> int:
    values = np.array([value for _, value in evaluations])
    # A diverged model's metric may be nan, which argmax and argmin would prefer.
    values = np.nan_to_num(-values if metric == "loss" else values, nan=-math.inf)
    return int(values.argmax())


def _arguments(
    params: TrainingParams,
    precision: str,
    device: torch.device,
    total_steps: int,
    scratch_folder: Path,
) -> TrainingArguments:
    arguments = TrainingArguments(
        output_dir=str(scratch_folder),
        num_train_epochs=params.epochs,
        per_device_train_batch_size=params.batch_size,
        gradient_accumulation_steps=params.accumulation_steps,
        learning_rate=params.learning_rate,
        lr_scheduler_type=_SCHEDULES[params.schedule],
        lr_scheduler_kwargs=_schedule_options(params),
        warmup_steps=count_warmup_steps(total_steps, params),
        max_grad_norm=params.max_gradient_norm or 0.0,
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        torch_compile=params.compile,
        seed=params.seed,
        use_cpu=device.type == "cpu",
        logging_steps=params.log_every_steps,
        save_total_limit=1,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        **_strategy("eval", params.evaluate_every_steps),
        **_strategy("save", params.checkpoint_every_steps or params.evaluate_every_steps),
    )
    if device.type == "cuda":
        _drive_one_gpu(arguments, device)
    return arguments


def _schedule_options(params: TrainingParams) -> dict[str, Any]:
    return {} if params.schedule_cycles is None else {"num_cycles": params.schedule_cycles}


def _strategy(event: str, every_steps: int | None) -> dict[str, Any]:
    if every_steps is None:
        return {f"{event}_strategy": "epoch"}
    return {f"{event}_strategy": "steps", f"{event}_steps": every_steps}


def _drive_one_gpu(arguments: TrainingArguments, device: torch.device) -> None:
    # Trainer wraps the model in DataParallel as soon as it sees two GPUs. Both names are where
    # TrainingArguments keeps its answer (a cached property and a plain attribute).
    torch.cuda.set_device(device)
    arguments.__dict__["_setup_devices"] = device
    arguments._n_gpu = 1


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
