"""Train only the head of a classifier, on states that its frozen encoder computes once.

Because a row is then a few vectors, rows can be made up between others: SMOTE, which has no meaning
for text. Everything else (loss, optimizer, batches, best state) is left to the usual trainer.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import set_seed

from klue_pipeline.relation.model.heads import HeadInputs
from klue_pipeline.relation.model.heads.readings import Reading, find_reading
from klue_pipeline.relation.model.relation_model import RelationModel
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.classification import (
    ClassifierResult,
    FoldRows,
    Scorer,
    train_classifier,
)
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.losses import RowLoss
from klue_pipeline.training.params import TrainingParams
from klue_pipeline.training.prediction import predict_logits
from klue_pipeline.training.splitting.resampling import add_synthetic_rows

logger = logging.getLogger(__name__)


def train_head(  # noqa: PLR0913 (the signature of train_classifier)
    build_model: Callable[[], RelationModel],
    rows: FoldRows,
    loss: RowLoss,
    scorer: Scorer,
    params: TrainingParams,
    scratch_folder: Path,
    *,
    description: str = "train",
) -> ClassifierResult:
    """Train the head alone, with synthetic rows of rare labels; see :func:`train_classifier`.

    The encoder runs once over all rows, evaluating, in the chosen precision. Synthetic rows weigh 1
    and are made of training rows only. The result is a whole classifier, as if trained as usual.

    Args:
        build_model: Builds the untrained model; called after the seed was set.
        rows: What to train and to validate on.
        loss: Loss per row.
        scorer: Metrics of validation logits.
        params: How to train; with ``smote_neighbours`` and ``smote_target_share``.
        scratch_folder: Where the resume state of the head lives meanwhile.
        description: What trains, for the progress bar and the log.

    Raises:
        ValueError: The head reads more than a fixed number of states, or the model adds entity
            embeddings, which would have to learn below the frozen encoder.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    started_at = time.perf_counter()
    set_seed(params.seed)
    model = build_model()
    reading = find_reading(model.relation_config.head.name)
    _require_no_entity_embedding(model)
    with explain_out_of_memory(params):
        vectors = FoldRows(
            _add_synthetic(read_rows(model, reading, rows.training, params), reading, params),
            read_rows(model, reading, rows.validation, params),
            rows.validation_label_ids,
        )
    prepared_after = time.perf_counter() - started_at
    head = HeadOnVectors(model.head, reading)
    alone = params.model_copy(update={"freeze": None, "layer_decay": None})
    result = train_classifier(
        lambda: head, vectors, loss, scorer, alone, scratch_folder, description=description
    )
    seconds = prepared_after + result.seconds
    return replace(result, model=model.to("cpu").eval(), seconds=seconds)


class HeadOnVectors(nn.Module):
    """A head that is given only the states that it reads.

    Args:
        head: Any head with a reading.
        reading: What it reads.
    """

    def __init__(self, head: nn.Module, reading: Reading) -> None:
        super().__init__()
        self.head = head
        self._tokens = reading.tokens

    def forward(
        self,
        input_ids: Tensor,  # noqa: ARG002 (part of every batch)
        attention_mask: Tensor,
        positions: Tensor,
        vectors: Tensor,
    ) -> Tensor:
        """Score each row.

        Args:
            input_ids: Not read; rows of this length are what the batches are made of.
            attention_mask: 1 for each state. Shape: (batch, tokens).
            positions: Where the head finds its states. Shape: (batch, 4).
            vectors: The states, side by side. Shape: (batch, tokens * width).

        Returns:
            Logits. Shape: (batch, labels).
        """
        states = vectors.reshape(len(vectors), self._tokens, -1)  # (batch, tokens, width)
        no_types = positions.new_zeros(len(positions), 2)
        logits: Tensor = self.head(HeadInputs(states, attention_mask, positions, no_types))
        return logits


class _StateReader(nn.Module):
    """Stands in a head's place, and hands on what the head would read."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self._take = reading.take

    def forward(self, inputs: HeadInputs) -> Tensor:
        return self._take(inputs)


def read_rows(
    model: RelationModel, reading: Reading, rows: EncodedRows, params: TrainingParams
) -> EncodedRows:
    """Let the encoder read every row once, and keep the states that the head reads.

    Args:
        model: The classifier; it moves to the device of ``params``.
        reading: What its head reads.
        rows: Encoded rows with the columns ``labels`` and ``weights``.
        params: Device, precision and rows in a batch.

    Returns:
        Short rows, as :func:`short_rows` makes them.
    """
    device, precision = choose_device(params)
    head, model.head = model.head, _StateReader(reading)
    try:
        vectors = predict_logits(
            model.to(device), rows, params.evaluation_batch_size, precision, description="encode"
        )
    finally:
        model.head = head
    return short_rows(vectors, rows.columns["labels"], rows.columns["weights"], reading)


def _add_synthetic(rows: EncodedRows, reading: Reading, params: TrainingParams) -> EncodedRows:
    vectors, label_ids = add_synthetic_rows(
        cast(NDArray[np.float32], rows.columns["vectors"]),
        cast(NDArray[np.int64], rows.columns["labels"]),
        cast(int, params.smote_neighbours),
        cast(float, params.smote_target_share),
        params.seed,
    )
    added = len(vectors) - len(rows)
    logger.info("SMOTE: %d synthetic rows beside %d", added, len(rows))
    weights = np.append(rows.columns["weights"], np.ones(added, dtype=np.float32))
    return short_rows(vectors, label_ids, weights, reading)


def _require_no_entity_embedding(model: RelationModel) -> None:
    if model.entity_embedding is not None:
        raise ValueError(
            f"input.entity_embedding is {model.relation_config.input.entity_embedding}, which "
            "would have to learn below the encoder, but training.smote_neighbours trains the head "
            "alone; set input.entity_embedding=none or leave training.smote_neighbours out."
        )


def short_rows(
    vectors: NDArray[np.float32],
    label_ids: NDArray[np.generic],
    weights: NDArray[np.generic],
    reading: Reading,
) -> EncodedRows:
    """Write vectors as rows of as many tokens as the head reads, which trainer and batches take.

    Args:
        vectors: Shape: (rows, tokens * width).
        label_ids: Shape: (rows,).
        weights: Shape: (rows,).
        reading: What the head reads.
    """
    count = len(vectors)
    return EncodedRows(
        input_ids=np.zeros(count * reading.tokens, dtype=np.int8),
        token_type_ids=None,
        offsets=np.arange(count + 1) * reading.tokens,
        columns={
            "vectors": vectors,
            "positions": np.broadcast_to(np.array(reading.positions), (count, 4)),
            "labels": label_ids,
            "weights": weights,
        },
        padding_id=0,
    )
