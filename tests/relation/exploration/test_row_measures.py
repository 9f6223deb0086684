"""Lengths and places of rows: by hand, and against the encoder that windows them; their sums."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.encoding.row_encoder import RowEncoder
from klue_pipeline.relation.exploration.row_measures import (
    count_tokens,
    measure_rows,
    measure_splits,
    tabulate_lengths,
    windowed_shares,
)
from klue_pipeline.relation.inputs.input_texts import write_inputs


def test_measures_by_hand():
    """이순신은 조선의 무신이다: one blank and a particle between the entities."""
    rows = pd.DataFrame(
        {
            "row_id": ["a", "b"],
            "sentence": ["이순신은 조선의 무신이다.", "😀 (주)새벽당鄭海仁"],
            "subject_start": [0, 8],
            "subject_end": [3, 11],
            "object_start": [5, 2],
            "object_end": [7, 8],
        }
    )
    assert measure_rows(rows).to_dict("records") == [
        {"row_id": "a", "characters": 14, "entity_distance": 2, "subject_first": True,
         "subject_characters": 3, "object_characters": 2},
        {"row_id": "b", "characters": 11, "entity_distance": 0, "subject_first": False,
         "subject_characters": 3, "object_characters": 6},
    ]  # fmt: skip


@pytest.mark.parametrize("query_position", ["before", "after"])
def test_a_row_is_windowed_exactly_if_it_is_longer_than_the_limit(
    train, any_tokenizer, input_params, query_position
):
    params = input_params.model_copy(update={"query_position": query_position})
    lengths = count_tokens(train, any_tokenizer, params)
    inputs = write_inputs(train, params)
    limits = sorted({*lengths.tolist(), *(lengths - 1).tolist(), *(lengths + 1).tolist()})
    for limit in limits[len(limits) // 3 :]:  # shorter ones do not hold the markers
        rows = RowEncoder(any_tokenizer, query_position, limit).encode(inputs)
        assert [row.is_windowed for row in rows] == (lengths > limit).tolist()


def test_both_files_are_measured_without_the_rows_that_cannot_be_read(
    train, test, wordpiece_tokenizer, input_params
):
    table = measure_splits(train, test, wordpiece_tokenizer, input_params)
    assert table.columns.tolist() == [
        "row_id", "split", "characters", "tokens", "entity_distance", "subject_first",
        "subject_characters", "object_characters",
    ]  # fmt: skip
    assert table["split"].value_counts().to_dict() == {"train": 16, "test": 8}
    assert "broken" not in table["row_id"].tolist()
    expected = [*train["sentence"].str.len(), *test["sentence"].str.len()[:-1]]
    assert table["characters"].tolist() == expected


def test_many_chunks_give_the_same_as_one(train, wordpiece_tokenizer, input_params, monkeypatch):
    whole = count_tokens(train, wordpiece_tokenizer, input_params)
    monkeypatch.setattr("klue_pipeline.relation.exploration.row_measures.ROWS_PER_CHUNK", 5)
    assert count_tokens(train, wordpiece_tokenizer, input_params).tolist() == whole.tolist()


LENGTHS = pd.DataFrame(
    {
        "split": ["train"] * 4 + ["test"],
        "characters": [10, 20, 30, 90, 7],
        "tokens": [5, 6, 7, 8, 6],
    }
)


def test_summary_of_each_file_and_unit():
    table = tabulate_lengths(LENGTHS).set_index(["split", "unit"])
    assert len(table) == 4
    train = table.loc[("train", "characters")]
    assert train[["rows", "shortest", "mean", "median", "longest"]].tolist() == [
        4,
        10,
        37.5,
        25,
        90,
    ]
    assert train["quantile_95"] == np.quantile([10, 20, 30, 90], 0.95)
    assert table.loc[("test", "tokens"), "median"] == 6


def test_a_row_of_exactly_the_limit_is_not_windowed():
    shares = windowed_shares(LENGTHS, [8, 6, 4, 6])
    assert shares == {
        "4": {"train": 1.0, "test": 1.0},
        "6": {"train": 0.5, "test": 0.0},
        "8": {"train": 0.0, "test": 0.0},
    }
