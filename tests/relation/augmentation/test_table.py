"""Originals and new rows as one table."""

from dataclasses import replace

import pandas as pd
import pytest

from klue_pipeline.relation.augmentation.rows.example import read_examples
from klue_pipeline.relation.augmentation.table import join_rows
from klue_pipeline.relation.ingest.schema import TrainingSentences


@pytest.fixture
def sentences(small_sentences):
    return small_sentences.assign(given_fold=pd.array([None] * len(small_sentences), dtype="Int64"))


@pytest.fixture
def examples(sentences):
    members = pd.DataFrame({"fold": 0, "row_id": sentences["row_id"]})
    return read_examples(sentences, members)


def test_originals_come_first_and_as_they_were(sentences, examples):
    rows = join_rows(sentences, {"aeda": [examples[3]]})
    pd.testing.assert_frame_equal(rows.iloc[:24][sentences.columns.tolist()], sentences)
    assert rows["origin_id"].tolist() == [*sentences["row_id"], "3"]
    assert rows["method"].tolist() == ["original"] * 24 + ["aeda"]
    assert rows["weight"].tolist() == [1.0] * 25


def test_new_rows_are_numbered_by_origin_and_method(sentences, examples):
    added = {"aeda": [examples[3], examples[3], examples[5]], "oversample": [examples[3]]}
    rows = join_rows(sentences, added)
    assert rows["row_id"].tolist()[24:] == ["3.aeda", "3.aeda.2", "5.aeda", "3.oversample"]


def test_a_new_row_has_its_own_values_and_those_that_methods_do_not_know(sentences, examples):
    row = examples[7]  # [[윤가람]]과 <<이도윤>>은 지난해 결혼한 부부다.
    swapped = replace(row, subject=row.object, object=row.subject, weight=0.5)
    new = join_rows(sentences, {"entity_swap": [swapped]}).iloc[-1]
    assert (new["subject_text"], new["subject_start"], new["subject_end"]) == ("이도윤", 5, 8)
    assert (new["object_text"], new["object_start"], new["object_end"]) == ("윤가람", 0, 3)
    assert new["pair_key"] == sentences["pair_key"][7]
    assert (new["source"], new["weight"]) == ("wikipedia", 0.5)


def test_left_out_originals_weigh_nothing(sentences):
    rows = join_rows(sentences, {}, {"2", "4"})
    assert rows.loc[rows["weight"] == 0, "row_id"].tolist() == ["2", "4"]


def test_the_table_fits_its_schema(sentences, examples):
    TrainingSentences.validate(join_rows(sentences, {"aeda": [examples[0]]}))
    TrainingSentences.validate(join_rows(sentences, {"aeda": []}))
