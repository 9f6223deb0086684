"""Score test rows with the model of one fold."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.encoding.encoded_rows import column_of, encode_rows
from klue_pipeline.relation.encoding.features import Features
from klue_pipeline.relation.model.relation_graph import ScoringModel
from klue_pipeline.relation.model.relation_model import RelationConfig, RelationModel
from klue_pipeline.training.device import choose_device, explain_out_of_memory
from klue_pipeline.training.params import Precision, TrainingParams
from klue_pipeline.training.prediction import predict_logits


def score_test_rows(folder: Path, features: Features, training: TrainingParams) -> ScoreTable:
    """Score test rows with one fold's model.

    A row whose entities could not be used gets the label shares of the training rows, so that
    every test row has a line in the submission.

    Args:
        folder: Checkpoint of the fold.
        features: Encoded test rows.
        training: Where and how to run: device, precision, batch size.

    Raises:
        ValueError: The features were made by another tokenizer, other special tokens or another
            input format than the model's.
        RuntimeError: The GPU's memory did not suffice; the message names the settings to lower.
    """
    model = RelationModel.from_pretrained(folder)
    config = model.relation_config
    _require_same_input(config, features)
    device, precision = choose_device(training)
    with explain_out_of_memory(training):
        logits = score_rows(
            model.to(device),
            features,
            training.evaluation_batch_size,
            precision,
            description=f"predict {folder.name}",
        )
    kept = {name: config.fingerprint[name] for name in ("rows", "folds")}
    return ScoreTable(
        row_ids=features.row_ids,
        logits=logits,
        labels=config.labels,
        fingerprint={**kept, "test_rows": features.fingerprint["rows"]},
    )


def score_rows(
    model: ScoringModel,
    features: Features,
    batch_size: int,
    precision: Precision,
    *,
    temperature: float = 1.0,
    description: str | None = None,
) -> NDArray[np.float32]:
    """Score encoded rows; one whose entities could not be used gets the training prior.

    Args:
        model: In evaluation mode, on its device.
        features: Encoded rows; their labels are not looked at.
        batch_size: Rows in a batch.
        precision: A resolved precision, not ``auto``.
        temperature: What the model's logits are divided by; the prior is left as it is.
        description: Text of a progress bar on a terminal; None shows none.

    Returns:
        Logits, float32. Shape: (rows, labels).
    """
    config = model.relation_config
    rows = encode_rows(features, model.padding_id, config.entity_types)
    logits = predict_logits(model, rows, batch_size, precision, description=description)
    logits /= temperature
    # A marked entity has at least one token; only a row that could not be marked ends at 0.
    unusable = column_of(features, "subject_end") == 0
    logits[unusable] = _log_prior(config.label_counts)
    return logits


def _require_same_input(config: RelationConfig, features: Features) -> None:
    for name, found, wanted in (
        ("labels", features.labels, config.task_labels),
        ("tokenizer", features.fingerprint["tokenizer"], config.fingerprint["tokenizer"]),
    ):
        if found != wanted:
            raise ValueError(
                f"These features cannot be scored by this model: {name} is {found} in the features "
                f"and {wanted} in the model; run tokenize and train with the same settings."
            )


def _log_prior(label_counts: tuple[int, ...]) -> NDArray[np.float32]:
    # One row more per label, so that a label unseen in training keeps a finite score.
    counts = np.array(label_counts, dtype=np.float64) + 1
    prior: NDArray[np.float32] = np.log(counts / counts.sum()).astype(np.float32)
    return prior
