"""Features as batches: the same rows, with ids for the types that a model knows."""

import numpy as np
import pyarrow as pa
import pytest

from klue_pipeline.relation.encoding.encoded_rows import POSITION_COLUMNS, encode_rows
from klue_pipeline.relation.encoding.features import SCHEMA, Features

LINES = {
    "row_id": ["a", "b", "c"],
    "origin_id": ["a", "a", "c"],
    "input_ids": [[1, 5, 6, 2], [1, 7, 2], [1, 2]],
    "token_type_ids": [[0, 0, 1, 1], [0, 0, 0], [0, 1]],
    "subject_start": [1, 0, 0],
    "subject_end": [2, 1, 0],
    "object_start": [2, 1, 0],
    "object_end": [3, 3, 0],
    "subject_type": ["PER", "NAVY", None],
    "object_type": ["DAT", "PER", None],
    "label_id": [2, 0, -1],
    "weight": [1.0, 0.5, 1.0],
    "length": [4, 3, 2],
}


@pytest.fixture
def rows():
    table = pa.table({name: LINES[name] for name in SCHEMA.names}, schema=SCHEMA)
    return encode_rows(Features(table, ("x", "y", "z")), padding_id=9, entity_types=("DAT", "PER"))


def test_a_batch_is_the_rows_padded_on_the_right(rows):
    assert rows.lengths.tolist() == [4, 3, 2]
    batch = rows.__getitems__([1, 0])
    assert batch["input_ids"].tolist() == [[1, 7, 2, 9], [1, 5, 6, 2]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1]]
    assert batch["token_type_ids"].tolist() == [[0, 0, 0, 0], [0, 0, 1, 1]]
    assert batch["labels"].tolist() == [0, 2]
    assert batch["weights"].tolist() == [0.5, 1.0]


def test_positions_stand_in_the_order_that_heads_expect(rows):
    wanted = [[LINES[name][row] for name in POSITION_COLUMNS] for row in range(3)]
    assert rows.columns["positions"].tolist() == wanted
    assert POSITION_COLUMNS == ("subject_start", "subject_end", "object_start", "object_end")


def test_types_are_numbered_from_1_and_an_unknown_or_missing_one_is_0(rows):
    assert rows.columns["type_ids"].tolist() == [[2, 1], [0, 2], [0, 0]]
    assert rows.columns["type_ids"].dtype == np.int64
