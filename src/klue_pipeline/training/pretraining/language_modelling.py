"""Masked-language modelling over Trainer: learn on some texts, stop by the loss on others.

Loop, best state and resume are those of the classifiers' trainer. What differs stands here: the
loss of the held-out tokens is gathered batch by batch, because their logits would fill the memory.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import set_seed

from klue_pipeline.training.checkpoints import last_whole_checkpoint
from klue_pipeline.training.device import autocast, explain_out_of_memory
from klue_pipeline.training.params import Precision, TrainingParams
from klue_pipeline.training.prediction import NOT_FOR_THE_MODEL
from klue_pipeline.training.pretraining.masked_language_model import MaskedTokenModel
from klue_pipeline.training.pretraining.masking import MaskedRows
from klue_pipeline.training.trainer import ClassifierTrainer, FoldRows, read_history

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LanguageModelResult:
    """What one training leaves behind.

    Attributes:
        model: The model in its best state by held-out loss, on the CPU, evaluating.
        history: One entry per logged step, in order: ``step``, ``epoch`` and what was measured.
        steps: Optimizer steps that were made; fewer than planned after an early stop.
        best_step: The optimizer step of the best state, counted from 1.
        loss_before: Mean loss of the held-out masked tokens before the first step, in nats.
        loss_after: The same in the best state.
    """

    model: MaskedTokenModel
    history: list[dict[str, float]]
    steps: int
    best_step: int
    loss_before: float
    loss_after: float


def train_language_model(
    build_model: Callable[[], MaskedTokenModel],
    training: MaskedRows,
    held_out: MaskedRows,
    params: TrainingParams,
    scratch_folder: Path,
) -> LanguageModelResult:
    """Train on masked rows and keep the state with the lowest loss on the held-out ones.

    A call that finds the resume state of an interrupted call in ``scratch_folder`` goes on from
    there and ends with the same result. The caller makes sure that the folder belongs to this
    training and removes it once the result is stored.

    Args:
        build_model: Builds the model to start from; called after the seed was set.
        training: What to learn from; masked anew in each epoch.
        held_out: What to measure on; masked alike in each evaluation.
        params: How to train; ``select_by`` is ``loss``.
        scratch_folder: Where the resume state lives meanwhile.

    Raises:
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    set_seed(params.seed)
    trainer = LanguageModelTrainer(build_model(), training, held_out, params, scratch_folder)
    trainer.show_progress("adapt")
    checkpoint = last_whole_checkpoint(scratch_folder)
    with explain_out_of_memory(params):
        loss_before = trainer.held_out_loss()
        logger.info("Held-out perplexity before: %.4g", perplexity(loss_before))
        if checkpoint is not None:
            logger.info("Resuming from %s", checkpoint.name)
        trainer.train(resume_from_checkpoint=None if checkpoint is None else str(checkpoint))
        trainer.load_best_state()
        loss_after = trainer.held_out_loss()
    if not loss_after < loss_before:
        logger.warning(
            "Adapting did not lower the held-out loss: %.4g before, %.4g after; lower the "
            "learning rate",
            loss_before,
            loss_after,
        )
    return LanguageModelResult(
        model=trainer.language_model.to("cpu").eval(),
        history=read_history(trainer.state.log_history),
        steps=trainer.state.global_step,
        best_step=trainer.best_step,
        loss_before=loss_before,
        loss_after=loss_after,
    )


class LanguageModelTrainer(ClassifierTrainer):
    """The classifiers' trainer with masked tokens for rows and the vocabulary for labels.

    The arguments are those of :func:`train_language_model`.
    """

    def __init__(
        self,
        model: MaskedTokenModel,
        training: MaskedRows,
        held_out: MaskedRows,
        params: TrainingParams,
        scratch_folder: Path,
    ) -> None:
        self.language_model = model
        rows = FoldRows(training, held_out, validation_label_ids=np.empty(0, dtype=np.int64))
        super().__init__(model, rows, token_losses, _summarise, params, scratch_folder)
        self._held_out = held_out

    def score_validation_rows(self) -> NDArray[np.float32]:
        """Return the loss of each held-out masked token. Shape: (predicted tokens,)."""
        size = self._params.evaluation_batch_size
        return measure_losses(self.language_model, self._held_out, size, self._precision)

    def held_out_loss(self) -> float:
        """Return the mean loss of the held-out masked tokens under the present state, in nats."""
        return float(self.score_validation_rows().mean(dtype=np.float64))


def token_losses(logits: Tensor, label_ids: Tensor, progress: float = 0.0) -> Tensor:  # noqa: ARG001
    """Return the cross-entropy of each predicted token, whatever the progress of the training.

    Args:
        logits: Float32. Shape: (predicted tokens, vocabulary).
        label_ids: True token ids. Shape: (predicted tokens,).
        progress: Share of the training that is done.

    Returns:
        Losses in nats. Shape: (predicted tokens,).
    """
    return nn.functional.cross_entropy(logits, label_ids, reduction="none")


def measure_losses(
    model: nn.Module, rows: MaskedRows, batch_size: int, precision: Precision
) -> NDArray[np.float32]:
    """Return the loss of each masked token of the rows, longest rows first.

    Args:
        model: Takes a batch by keyword; it stays where it is and in the mode it was in.
        rows: What to predict the masked tokens of.
        batch_size: Rows in a batch.
        precision: A resolved precision, not ``auto``.

    Returns:
        Losses in nats. Shape: (predicted tokens,).
    """
    device = next(model.parameters()).device
    order = np.argsort(-rows.lengths, kind="stable")
    parts = []
    was_training = model.training
    model.eval()
    with torch.inference_mode(), autocast(precision, device):
        for start in range(0, len(order), batch_size):
            batch = rows.__getitems__(order[start : start + batch_size].tolist())
            batch = {name: values.to(device) for name, values in batch.items()}
            inputs = {k: v for k, v in batch.items() if k not in NOT_FOR_THE_MODEL}
            parts.append(token_losses(model(**inputs).float(), batch["labels"]).cpu().numpy())
    model.train(was_training)
    return np.concatenate(parts)


def perplexity(loss: float) -> float:
    """Return the perplexity of a mean loss in nats.

    >>> perplexity(0.0), round(perplexity(2.0), 3)
    (1.0, 7.389)
    """
    return float(np.exp(np.float64(loss)))


def _summarise(losses: NDArray[np.float32], _: NDArray[np.int64]) -> dict[str, float]:
    loss = float(losses.mean(dtype=np.float64))
    return {"loss": loss, "perplexity": perplexity(loss)}
