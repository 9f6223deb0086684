"""Encoded rows as one Arrow table: what every fold trains on and predicts from."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.row_encoder import EncodedRow, RowEncoder
from klue_pipeline.relation.inputs.input_texts import write_inputs
from klue_pipeline.relation.inputs.missing_types import log_untyped
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.relation.splits.fingerprints import rows_fingerprint, test_rows_fingerprint
from klue_pipeline.text.counts import counted
from klue_pipeline.training.fingerprint import hash_tokenizer
from klue_pipeline.training.tokenizer import Tokenizer

logger = logging.getLogger(__name__)

ROWS_PER_CHUNK = 4096
NO_LABEL = -1
SCHEMA = pa.schema(
    {
        "row_id": pa.string(),
        "origin_id": pa.string(),
        "input_ids": pa.list_(pa.int32()),
        "token_type_ids": pa.list_(pa.int8()),
        "subject_start": pa.int32(),
        "subject_end": pa.int32(),
        "object_start": pa.int32(),
        "object_end": pa.int32(),
        "subject_type": pa.string(),
        "object_type": pa.string(),
        "label_id": pa.int32(),
        "weight": pa.float32(),
        "length": pa.int32(),
    }
)


@dataclass(frozen=True)
class Features:
    """Encoded rows.

    Attributes:
        table: One row per sentence, in the columns of :data:`SCHEMA`. ``subject_start`` and the
            other three are token positions in ``input_ids``, counted from 0: the first token of the
            entity's opening marker, and the place after its closing marker's last (of its own words
            in a format without markers). A row that could not be marked has 0 in all four, which no
            other row has as an end. ``subject_type`` and ``object_type`` are null where the row
            names none. ``label_id`` is -1 without a label, ``length`` counts the tokens.
        labels: Label names; a label's id is its place.
        fingerprint: What made the features: ``rows``, the content hash of the original rows, and
            ``tokenizer``, that of the tokenizer with the input settings and ``max_tokens``.
    """

    table: pa.Table
    labels: tuple[str, ...]
    fingerprint: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.table.num_rows)

    @property
    def row_ids(self) -> NDArray[np.object_]:
        """Row ids in order. Shape: (rows,)."""
        return np.array(self.table["row_id"].to_pylist(), dtype=object)

    def select(self, indices: Sequence[int] | NDArray[np.integer]) -> "Features":
        """Return the rows at ``indices``, in that order."""
        return replace(self, table=self.table.take(pa.array(indices, pa.int64())))


def encode(
    sentences: pd.DataFrame,
    tokenizer: Tokenizer,
    input_params: InputParams,
    max_tokens: int,
    labels: LabelSet,
) -> Features:
    """Encode a table of sentences; the texts of only one chunk of rows are in memory at a time.

    Args:
        sentences: The table ``training_sentences`` or ``test_sentences``.
        tokenizer: The encoder's fast tokenizer, with the special tokens of the input format.
        input_params: How a row is written as text.
        max_tokens: Longest row in tokens, special tokens, prefix and query included; longer ones
            are windowed around their entities.
        labels: The labels; a label's id is its place.

    Returns:
        One row per sentence, in the order of the table.

    Raises:
        ValueError: A row has an unknown label, a labelled row cannot be marked, ``max_tokens`` is
            too small for the markers, or the tokenizer lacks a special token of the input format.
    """
    table, windowed = encode_table(sentences, tokenizer, input_params, max_tokens, labels.names)
    _log_lengths(table, max_tokens, windowed)
    log_untyped(sentences, input_params)
    return Features(
        table=table,
        labels=tuple(labels.names),
        fingerprint={
            "rows": _fingerprint_rows(sentences),
            "tokenizer": hash_tokenizer(tokenizer, input_params.model_dump(), max_tokens),
        },
    )


def encode_table(
    sentences: pd.DataFrame,
    tokenizer: Tokenizer,
    input_params: InputParams,
    max_tokens: int,
    label_names: Sequence[str] = (),
) -> tuple[pa.Table, int]:
    """Encode a table of sentences without hashing what the encoding was made from.

    Hashing serialises the whole tokenizer, which takes far longer than encoding a few rows.

    Args:
        sentences: As for :func:`encode`.
        tokenizer: As for :func:`encode`.
        input_params: As for :func:`encode`.
        max_tokens: As for :func:`encode`.
        label_names: The labels in order; none for rows without labels.

    Returns:
        One row per sentence in the columns of :data:`SCHEMA`, and how many were windowed.

    Raises:
        ValueError: As :func:`encode`.
    """
    encoder = RowEncoder(tokenizer, input_params.query_position, max_tokens)
    label_ids = {name: index for index, name in enumerate(label_names)}
    batches, windowed, bare = [], 0, 0
    for chunk in _chunks(sentences):
        inputs = write_inputs(chunk, input_params)
        rows = encoder.encode(inputs)
        batches.append(_to_batch(chunk, rows, label_ids))
        windowed += sum(row.is_windowed for row in rows)
        bare += sum(entry.marked is None for entry in inputs)
    if bare:
        logger.warning(
            "%s without usable entities: encoded without markers, and scored with the training "
            "prior.",
            counted(bare, "row"),
        )
    return pa.Table.from_batches(batches, schema=SCHEMA), windowed


def _chunks(sentences: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(sentences), ROWS_PER_CHUNK):
        yield sentences.iloc[start : start + ROWS_PER_CHUNK]


def _to_batch(
    chunk: pd.DataFrame, rows: list[EncodedRow], label_ids: dict[str, int]
) -> pa.RecordBatch:
    columns: dict[str, Any] = {
        "row_id": chunk["row_id"].tolist(),
        "origin_id": chunk.get("origin_id", chunk["row_id"]).tolist(),
        "input_ids": [row.tokens.ids for row in rows],
        "token_type_ids": [row.tokens.types for row in rows],
        "subject_start": [row.subject[0] for row in rows],
        "subject_end": [row.subject[1] for row in rows],
        "object_start": [row.object[0] for row in rows],
        "object_end": [row.object[1] for row in rows],
        "subject_type": _optional_names(chunk["subject_type"]),
        "object_type": _optional_names(chunk["object_type"]),
        "label_id": _label_ids(chunk, label_ids),
        "weight": _weights(chunk),
        "length": [len(row.tokens.ids) for row in rows],
    }
    arrays = [pa.array(columns[column.name], column.type) for column in SCHEMA]
    return pa.record_batch(arrays, schema=SCHEMA)


def _optional_names(names: pd.Series) -> list[str | None]:
    return [None if pd.isna(name) else str(name) for name in names]


def _label_ids(chunk: pd.DataFrame, label_ids: dict[str, int]) -> list[int]:
    labels = chunk["label"] if "label" in chunk else pd.Series([None] * len(chunk))
    unknown = set(labels.dropna()).difference(label_ids)
    if unknown:
        raise ValueError(
            f"Found labels {sorted(unknown)}; the label set has {list(label_ids)}. Choose the "
            "label set that fits with ingest.label_set."
        )
    return [NO_LABEL if pd.isna(label) else label_ids[label] for label in labels]


def _weights(chunk: pd.DataFrame) -> NDArray[np.float32]:
    if "weight" not in chunk:
        return np.ones(len(chunk), dtype=np.float32)
    return chunk["weight"].to_numpy(dtype=np.float32)


def _log_lengths(table: pa.Table, max_tokens: int, windowed: int) -> None:
    if not table.num_rows:
        logger.info("Encoded no rows, because the table has none.")
        return
    lengths = table["length"].to_numpy()
    logger.info(
        "Encoded %s: median %d, longest %d of at most %d tokens; %s (%.1f%%) windowed.",
        counted(len(lengths), "row"),
        np.median(lengths),
        lengths.max(),
        max_tokens,
        counted(windowed, "row"),
        100 * windowed / len(lengths),
    )


def _fingerprint_rows(sentences: pd.DataFrame) -> str:
    """Hash the original rows; rows that augmentation added follow from them and its settings."""
    if "label" not in sentences or sentences["label"].isna().all():
        return test_rows_fingerprint(sentences)
    if "method" in sentences:
        sentences = sentences.loc[sentences["method"] == "original"]
    return rows_fingerprint(sentences)
