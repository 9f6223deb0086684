from dataclasses import replace

import pytest

from klue_pipeline.relation.ingest.parsing import RawEntity, RawRow
from klue_pipeline.relation.ingest.row_checks import RowRules
from klue_pipeline.relation.ingest.training_rows import normalise_training_rows

RULES = RowRules(frozenset({"배우자"}), ("없음", "배우자"), frozenset({"PER"}))
ROW = RawRow(
    1, "a", "나래는 가람과 산다.", RawEntity("나래", 0, 2, "PER"), RawEntity("가람", 4, 6, "PER"), 1
)


def test_good_and_bad_rows_add_up_and_are_counted_in_the_log(caplog):
    rows = [ROW, replace(ROW, row_number=2, row_id="b", label=0), replace(ROW, row_number=3)]
    sentences, rejected = normalise_training_rows("t.csv", rows, RULES, max_rejected_share=1)
    assert sentences["row_id"].tolist() == ["a"]
    assert sentences["label"].tolist() == ["배우자"]
    assert rejected["row_number"].tolist() == [2, 3]
    assert (
        "3 training rows read, 1 kept, 2 rejected (unknown label 1, duplicate id 1)" in caplog.text
    )


@pytest.mark.parametrize("label", [None, 100, -1, "blind"])
def test_a_file_without_labels_stops(label):
    with pytest.raises(ValueError, match=r"t\.csv has no labels to train on.*raw\.train"):
        normalise_training_rows("t.csv", [replace(ROW, label=label)] * 3, RULES, 1)


def test_rows_whose_labels_are_no_text_are_not_taken_for_test_rows():
    rows = [replace(ROW, label=None, misfits="label is [1], wanted text")] * 3
    with pytest.raises(ValueError, match=r"none of its 3 rows can be used.\n- unusable value: 3"):
        normalise_training_rows("t.csv", rows, RULES, 1)
