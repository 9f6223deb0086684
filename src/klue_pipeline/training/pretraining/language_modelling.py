"""Masked-language modelling: learn on some texts, stop by the loss on others.

The loss of the held-out tokens is gathered batch by batch, because their logits would fill the
memory. The loop is that of :mod:`klue_pipeline.training.trainer`.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import set_seed

from klue_pipeline.training.batches import Batch
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.params import Precision, TrainingParams
from klue_pipeline.training.prediction import batch_logits, read_batches
from klue_pipeline.training.pretraining.masked_language_model import MaskedTokenModel
from klue_pipeline.training.pretraining.masking import MaskedRows
from klue_pipeline.training.trainer import TrainingResult, train

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LanguageModelResult(TrainingResult):
    """What one training leaves behind; the model is on the CPU, evaluating.

    Attributes:
        loss_before: Mean loss of the held-out masked tokens before the first step, in nats.
        loss_after: The same in the best state.
    """

    model: MaskedTokenModel
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

    Args:
        build_model: Builds the model to start from; called after the seed was set.
        training: What to learn from; masked anew in each epoch.
        held_out: What to measure on; masked alike in each evaluation.
        params: How to train; ``select_by`` is ``loss``.
        scratch_folder: Where the resume state lives meanwhile; see :func:`train`.

    Raises:
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    device, precision = choose_device(params)

    def judge(model: nn.Module) -> dict[str, float]:
        losses = measure_losses(model, held_out, params.evaluation_batch_size, precision)
        loss = float(losses.mean(dtype=np.float64))
        return {"loss": loss, "perplexity": perplexity(loss)}

    set_seed(params.seed)
    with explain_out_of_memory(params):
        model = build_model().to(device)
        before = judge(model)
        logger.info("Held-out perplexity before: %.4g", before["perplexity"])
        result = train(
            model, training, token_losses, judge, params, scratch_folder, description="adapt"
        )
        loss_after = judge(model)["loss"]
    _warn_unless_lower(before["loss"], loss_after)
    model.to("cpu").eval()
    return LanguageModelResult(
        **{**vars(result), "model": model}, loss_before=before["loss"], loss_after=loss_after
    )


def _warn_unless_lower(loss_before: float, loss_after: float) -> None:
    if not loss_after < loss_before:
        logger.warning(
            "Adapting did not lower the held-out loss: %.4g before, %.4g after; lower the "
            "learning rate",
            loss_before,
            loss_after,
        )


def token_losses(model: nn.Module, batch: Batch, progress: float = 0.0) -> Tensor:  # noqa: ARG001
    """Return the cross-entropy of each predicted token, whatever the progress of the training.

    Args:
        model: Predicts the tokens at the batch's ``places``.
        batch: As ``MaskedRows`` makes it.
        progress: Share of the training that is done.

    Returns:
        Losses in nats. Shape: (predicted tokens,).
    """
    logits = batch_logits(model, batch)  # (predicted tokens, vocabulary)
    return nn.functional.cross_entropy(logits, batch["labels"], reduction="none")


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
    losses, _ = read_batches(token_losses, model, rows, batch_size, precision)
    return losses


def perplexity(loss: float) -> float:
    """Return the perplexity of a mean loss in nats.

    >>> perplexity(0.0), round(perplexity(2.0), 3)
    (1.0, 7.389)
    """
    return float(np.exp(np.float64(loss)))
