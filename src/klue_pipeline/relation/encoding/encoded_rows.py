"""Features as the flat arrays that batches are cut from."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.encoding.features import Features
from klue_pipeline.training.batches import EncodedRows

POSITION_COLUMNS = ("subject_start", "subject_end", "object_start", "object_end")
TYPE_COLUMNS = ("subject_type", "object_type")


def encode_rows(features: Features, padding_id: int, entity_types: Sequence[str]) -> EncodedRows:
    """View features as flat arrays of token ids, with the other columns that a model takes.

    Args:
        features: Encoded rows.
        padding_id: Token id that fills short rows up.
        entity_types: The types that the model knows, in the order of their ids.

    Returns:
        Rows with the columns ``positions`` (rows, 4), ``type_ids`` (rows, 2; subject and object;
        known types count from 1, 0 is one that training did not see),
        ``labels`` (rows,) and ``weights`` (rows,).
    """
    tokens = features.table.column("input_ids").combine_chunks()
    segments = features.table.column("token_type_ids").combine_chunks()
    positions = np.stack([column_of(features, name) for name in POSITION_COLUMNS], axis=1)
    return EncodedRows(
        input_ids=tokens.flatten().to_numpy(),
        token_type_ids=segments.flatten().to_numpy(),
        offsets=tokens.offsets.to_numpy(),
        columns={
            "positions": positions.astype(np.int64),
            "type_ids": _type_ids(features, entity_types),
            "labels": column_of(features, "label_id").astype(np.int64),
            "weights": column_of(features, "weight").astype(np.float32),
        },
        padding_id=padding_id,
    )


def column_of(features: Features, name: str) -> NDArray[Any]:
    """Return a column of the features as an array. Shape: (rows,)."""
    values: NDArray[Any] = features.table.column(name).to_numpy()
    return values


def _type_ids(features: Features, entity_types: Sequence[str]) -> NDArray[np.int64]:
    known = pd.Index(entity_types)
    ids = [known.get_indexer(pd.Index(column_of(features, name))) + 1 for name in TYPE_COLUMNS]
    return np.stack(ids, axis=1).astype(np.int64)
