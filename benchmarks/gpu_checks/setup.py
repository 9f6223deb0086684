"""What every check starts from: rows of the sample, an encoder from scratch, and its training."""

import tempfile
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from benchmarks.workload import Workload, make_workload
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.classification import ClassifierResult, FoldRows, train_classifier
from klue_pipeline.training.losses import LossContext, build_loss
from klue_pipeline.training.params import ScratchEncoderParams

_SAMPLE = Path(__file__).parents[2] / "data" / "01_raw" / "sample" / "train.csv"


class NotTriedError(Exception):
    """The machine lacks what a check needs."""


@dataclass(frozen=True)
class Size:
    """An encoder from scratch, and how many rows suffice to try it.

    Attributes:
        layers: Of the encoder.
        width: Of its states.
        heads: Of its attention.
        learning_rate: One at which it learns within some steps.
        rows: Rows that are timed.
        batch_size: Rows in a batch that is timed.
        evaluation_batch_size: The same where rows are scored.
        rounds: Alternating rounds, if there is time.
    """

    layers: int
    width: int
    heads: int
    learning_rate: float
    rows: int
    batch_size: int
    evaluation_batch_size: int
    rounds: int


SIZES = {
    "tiny": Size(2, 32, 2, 3e-3, 48, 8, 16, 1),
    "base": Size(12, 768, 12, 1e-4, 512, 32, 128, 3),
    "large": Size(24, 1024, 16, 5e-5, 256, 32, 128, 3),
}


@dataclass(frozen=True)
class Setup:
    """What one check is told.

    Attributes:
        size: Name of an encoder's size.
        device: ``cpu`` or ``cuda``: what the caller wants to try.
        seconds: When the check is ended from outside.
    """

    size: str
    device: str
    seconds: float
    started_at: float = field(default_factory=time.monotonic)

    @property
    def sizes(self) -> Size:
        """The encoder, and how many rows to try it on."""
        return SIZES[self.size]

    def has_used(self, share: float) -> bool:
        """Whether so much of the seconds is over."""
        return time.monotonic() - self.started_at > share * self.seconds

    def timed_workload(self) -> Workload:
        """Rows to time, in batches as large as a user has."""
        return self._workload(self.sizes.rows, self.sizes.batch_size)

    def learning_workload(self, dropout: float | None = None, **training: Any) -> Workload:
        """Few rows in small batches that are learnt three times; with these settings of training.

        Args:
            dropout: Of encoder and head; None takes those of their configurations.
            training: Settings by name.
        """
        workload = self._workload(min(128, self.sizes.rows), 8)
        plain = {"learning_rate": self.sizes.learning_rate, "epochs": 3, "log_every_steps": 1}
        return with_settings(workload, dropout, **{**plain, **training})

    def _workload(self, rows: int, batch_size: int) -> Workload:
        sizes = self.sizes
        scratch = ScratchEncoderParams(
            vocabulary_size=32000,
            hidden_size=sizes.width,
            num_hidden_layers=sizes.layers,
            num_attention_heads=sizes.heads,
            intermediate_size=4 * sizes.width,
            max_positions=512,
        )
        workload = make_workload(str(_SAMPLE), "scratch", sizes.layers, rows, batch_size, scratch)
        return with_settings(workload, evaluation_batch_size=sizes.evaluation_batch_size)


def with_settings(workload: Workload, dropout: float | None = None, **training: Any) -> Workload:
    """Return the workload with other settings."""
    params = workload.params
    changed = {**params.training.model_dump(), **training}
    training_params = RelationTrainingParams.model_validate(changed)
    encoder = params.encoder.model_copy(update={"dropout": dropout})
    head = params.head if dropout is None else params.head.model_copy(update={"dropout": dropout})
    changed_params = replace(params, encoder=encoder, head=head, training=training_params)
    return replace(workload, params=changed_params)


def learn(workload: Workload, folder: Path | None = None) -> ClassifierResult:
    """Train with the project's trainer, judged on the rows that it learns.

    Args:
        workload: What learns what, and how.
        folder: Where the resume state lives; None forgets it.
    """
    if folder is None:
        with tempfile.TemporaryDirectory() as forgotten:
            return learn(workload, Path(forgotten))
    rows = workload.encode_rows()
    gold = rows.columns["labels"].astype(np.int64)
    labels = tuple(workload.labels.names)
    return train_classifier(
        workload.build_model,
        FoldRows(rows, rows, gold),
        build_loss(workload.params.loss, LossContext(labels, torch.ones(len(labels)))),
        lambda logits, gold: score_metrics(logits, gold, 0),
        workload.params.training,
        folder,
    )


def require_gpu() -> None:
    """Leave out what only a GPU can do.

    Raises:
        NotTriedError: There is none.
    """
    if not torch.cuda.is_available():
        raise NotTriedError("needs a GPU")


def read_losses(result: ClassifierResult) -> list[float]:
    """Return the training losses of all steps."""
    return [entry["train_loss"] for entry in result.history if "train_loss" in entry]


def on_device(batch: Batch, device: torch.device) -> Batch:
    """Return a batch's tensors on a device."""
    return {name: value.to(device) for name, value in batch.items()}
