"""Train a classifier: one label per row, judged by its scores for the validation rows."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import set_seed

from klue_pipeline.training.batches import Batch, EncodedRows
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.losses import RowLoss, Targets
from klue_pipeline.training.params import TrainingParams
from klue_pipeline.training.prediction import TEACHER_LOGITS, batch_logits, predict_logits
from klue_pipeline.training.tokens.vocabulary_in_use import vocabulary_in_use
from klue_pipeline.training.trainer import BatchLoss, TrainingResult, train

Scorer = Callable[[NDArray[np.float32], NDArray[np.int64]], dict[str, float]]
"""(logits (rows, labels), gold label ids (rows,)) -> metrics by name."""


@dataclass(frozen=True)
class FoldRows:
    """Encoded rows of one fold. ``training`` carries the columns ``labels`` and ``weights``.

    Where a teacher teaches, it carries ``teacher_logits`` (rows, labels) too.
    """

    training: EncodedRows
    validation: EncodedRows
    validation_label_ids: NDArray[np.int64]


@dataclass(frozen=True)
class ClassifierResult(TrainingResult):
    """What the training of a classifier leaves behind; the model is on the CPU, evaluating.

    Attributes:
        validation_logits: The best state's scores for the validation rows. Shape: (rows, labels).
    """

    validation_logits: NDArray[np.float32]


def train_classifier(  # noqa: PLR0913 (each is a thing of its own)
    build_model: Callable[[], nn.Module],
    rows: FoldRows,
    loss: RowLoss,
    scorer: Scorer,
    params: TrainingParams,
    scratch_folder: Path,
    *,
    description: str = "train",
) -> ClassifierResult:
    """Train a classifier and keep its best state on the validation rows; see :func:`train`.

    Args:
        build_model: Builds the untrained model; called after the seed was set.
        rows: What to train and to validate on.
        loss: Loss per row, given logits, targets and the share of the training that is done.
        scorer: Metrics of validation logits; must hold every value of ``training.select_by``.
        params: How to train.
        scratch_folder: Where the resume state lives meanwhile.
        description: What trains, for the progress bar and the log.

    Raises:
        ValueError: The model lacks what ``training.layer_decay`` or ``training.freeze`` needs.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """

    def score(model: nn.Module) -> NDArray[np.float32]:
        _, precision = choose_device(params)
        return predict_logits(model, rows.validation, params.evaluation_batch_size, precision)

    latest: list[NDArray[np.float32]] = []

    def judge(model: nn.Module) -> dict[str, float]:
        latest[:] = [score(model)]
        return scorer(latest[0], rows.validation_label_ids)

    set_seed(params.seed)
    model = build_model()
    with (
        explain_out_of_memory(params),
        vocabulary_in_use(model, rows.training, rows.validation),
    ):
        result = train(
            model,
            rows.training,
            loss_of_rows(loss),
            judge,
            params,
            scratch_folder,
            description=description,
        )
        # The last state is often the best one, and was scored to find that out.
        is_scored = bool(latest) and result.best_step == result.steps
        logits = latest[0] if is_scored else score(model)
    model.to("cpu").eval()
    return ClassifierResult(**vars(result), validation_logits=logits)


def loss_of_rows(loss: RowLoss) -> BatchLoss:
    """Make a loss of logits and targets one of a model and a batch."""

    def of_batch(model: nn.Module, batch: Batch, progress: float) -> Tensor:
        targets = Targets(batch["labels"], batch.get(TEACHER_LOGITS))
        return loss(batch_logits(model, batch), targets, progress)

    return of_batch
