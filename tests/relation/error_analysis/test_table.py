"""The whole table."""

import pandas as pd

COLUMNS = [
    "set", "row_id", "fold", "sentence",
    "subject_text", "subject_start", "subject_end", "subject_type",
    "object_text", "object_start", "object_end", "object_type",
    "type_pair", "pair_key", "source", "problem",
    "true_label", "predicted_label", "correct", "confidence", "true_probability",
    "top_1", "top_2", "top_3", "top_4", "top_5",
    "probability_1", "probability_2", "probability_3", "probability_4", "probability_5",
    "models", "different_predictions", "fold_predictions",
    "pair_rows", "pair_labels", "pair_rows_seen",
]  # fmt: skip


def test_every_scored_row_has_its_line(world):
    table = world.table
    assert table.columns.tolist() == COLUMNS
    assert table["set"].tolist() == ["out_of_fold"] * 6 + ["test"] * 3
    assert table["row_id"].tolist() == list("012345012")
    assert table.index.tolist() == list(range(9))


def test_the_columns_have_the_same_types_with_and_without_true_labels_of_test_rows(world):
    with_labels = world.table.dtypes
    world.test_gold = world.test_gold.head(0)
    pd.testing.assert_series_equal(world.table.dtypes, with_labels)
    assert with_labels["fold"] == "Int64"
    assert with_labels["correct"] == "boolean"


def test_a_parquet_file_gives_the_table_back(world, tmp_path):
    table = world.table
    table.to_parquet(tmp_path / "rows.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "rows.parquet"), table)
