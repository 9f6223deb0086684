"""Rows without labels: written as test rows are, and new to the labelled ones."""

import logging

import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.cleaning.unlabelled_rows import clean_unlabelled_rows
from klue_pipeline.relation.ingest.sentence_table import pair_key

LABELS = LabelSet(names=["no_relation", "per:title"], negative="no_relation")


@pytest.fixture
def unlabelled(small_sentences):
    """Two new sentences, the second with a blank too many, and one that a labelled row has."""
    rows = small_sentences.iloc[[0, 11, 3]].assign(label=None, problem=None)
    rows["row_id"] = [f"unlabelled:{number}" for number in range(3)]
    rows.iloc[0, rows.columns.get_loc("sentence")] += " 그는 장군이다."
    rows.iloc[1, rows.columns.get_loc("sentence")] += "  새 책도 냈다."
    return rows.reset_index(drop=True)


def test_labelled_sentences_are_left_out_and_counted(
    small_sentences, unlabelled, clean_params, caplog
):
    with caplog.at_level(logging.INFO):
        rows = clean_unlabelled_rows(unlabelled, small_sentences, LABELS, clean_params())
    pd.testing.assert_frame_equal(rows, unlabelled.head(2))
    assert "2 of 3 rows without labels are learnt from; the sentences of the other 1" in caplog.text


def test_rules_that_write_test_rows_write_these_and_no_rule_drops_them(
    small_sentences, unlabelled, clean_params
):
    rules = ["normalise_text", "exact_duplicates", "test_overlap"]
    rows = clean_unlabelled_rows(unlabelled, small_sentences, LABELS, clean_params(*rules))
    assert rows["row_id"].tolist() == ["unlabelled:0", "unlabelled:1"]
    assert rows["sentence"][1].endswith("발표했다. 새 책도 냈다.")
    assert rows["pair_key"][1] == pair_key("오세라", "교수")
