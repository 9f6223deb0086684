from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.ingest.parsing import RawEntity, RawRow
from klue_pipeline.relation.ingest.schema import TestSentences
from klue_pipeline.relation.ingest.unlabelled_rows import (
    NEUTRAL_SENTENCE,
    UNLABELLED_ID,
    no_unlabelled_rows,
    normalise_test_rows,
    normalise_unlabelled_rows,
    sort_out,
    unique_ids,
)

ROW = RawRow(
    1,
    "a",
    "나래는 가람과 산다.",
    RawEntity("나래", 0, 2, "PER"),
    RawEntity("가람", 4, 6, "PER"),
    100,
)


def test_a_readable_row_has_no_problem_and_no_label():
    table = normalise_test_rows("test.csv", [ROW, replace(ROW, row_id="b", label="per:spouse")])
    assert table["problem"].isna().all()
    assert table["label"].isna().all()
    pd.testing.assert_frame_equal(TestSentences.validate(table), table)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sentence": None}, "missing value: no sentence"),
        ({"sentence": ""}, "empty sentence: sentence is ''"),
        ({"subject": "type is missing"}, "unusable entity: subject: type is missing"),
        ({"object": None}, "missing value: no object"),
        ({"object": RawEntity("고려", 4, 6, "LOC")}, "word not at its offsets: wanted '고려'"),
        ({"object": RawEntity("래는", 1, 3, "PER")}, "overlapping spans: '나래' and '래는'"),
        ({"sentence": "나래는 가람\udc00"}, "broken character: half a surrogate pair"),
    ],
)
def test_an_unreadable_row_keeps_its_line_and_says_why(changes, problem, caplog):
    bad = replace(ROW, row_number=2, row_id="b", source="wikitree", **changes)
    table = normalise_test_rows("test.csv", [ROW, bad, replace(ROW, row_id="c")])
    assert table["row_id"].tolist() == ["a", "b", "c"]
    assert table["problem"].isna().tolist() == [True, False, True]
    assert table["problem"][1].startswith(problem)
    assert (table["sentence"][1], table["source"][1]) == (NEUTRAL_SENTENCE, "wikitree")
    pd.testing.assert_frame_equal(TestSentences.validate(table), table)
    assert "3 test rows read; 1 of them cannot be read by a model" in caplog.text
    assert "First: row 2: " in caplog.text


def test_a_file_without_any_readable_row_stops():
    with pytest.raises(ValueError, match=r"test\.csv: none of its 2 rows can be used\.\n- empty"):
        normalise_test_rows("test.csv", [replace(ROW, sentence="")] * 2)


@pytest.mark.parametrize(
    "changes",
    [
        {"misfits": "label is ['x'], wanted text"},
        {"object": RawEntity("가람", 4, 6, "DOG")},
        {"label": "no such label"},
        {"given_fold": "둘"},
        {"given_fold": 10**30},
    ],
)
def test_what_only_training_minds_is_no_problem(changes):
    assert normalise_test_rows("test.csv", [replace(ROW, **changes)])["problem"].isna().all()


def test_ids_that_are_missing_or_come_twice_are_changed_and_told(caplog):
    rows = [ROW, ROW, replace(ROW, row_id=None)]
    table = normalise_test_rows("test.csv", rows)
    assert table["row_id"].tolist() == ["a", "a#2", "row_3"]
    assert table["problem"].isna().all()
    assert "2 ids are missing or not unique and were changed (row 2: a -> a#2" in caplog.text


@given(st.lists(st.sampled_from(["a", "a#2", "a#2#2", "row_3", None]), max_size=9))
def test_ids_are_unique_whatever_they_were(row_ids):
    unique = unique_ids("test.csv", row_ids)
    assert len(set(unique)) == len(row_ids) == len(unique)
    firsts = [row_id for place, row_id in enumerate(row_ids) if row_id not in row_ids[:place]]
    assert set(firsts) - {None} <= set(unique)


def test_every_row_of_a_chunk_is_good_or_bad():
    rows = [
        replace(ROW, row_number=1, row_id="id1"),
        replace(ROW, row_number=2, problem="broken"),
        replace(ROW, row_number=3, row_id=None),
        replace(ROW, row_number=4, subject="nowhere"),
        replace(ROW, row_number=5, row_id="id5"),
    ]
    chunk = sort_out(rows)
    assert chunk.row_numbers == [1, 3, 5]
    assert [bad.row.row_number for bad in chunk.problems] == [2, 4]
    assert [bad.reason for bad in chunk.problems] == ["unreadable line", "unusable entity"]
    assert chunk.sentences["row_id"].tolist() == ["id1", "row_3", "id5"]


def test_a_chunk_of_bad_rows_alone_has_an_empty_table():
    chunk = sort_out([replace(ROW, row_number=1, problem="broken")])
    assert chunk.sentences.empty
    assert "subject_start" in chunk.sentences.columns


def test_rows_without_labels_that_cannot_be_used_are_left_and_told(caplog):
    bad = replace(ROW, row_id="x", sentence=None, row_number=3)
    rows = [ROW, replace(ROW, label="per:title"), bad]
    with caplog.at_level("INFO"):
        table = normalise_unlabelled_rows("more.csv", rows)
    TestSentences.validate(table)
    assert table["row_id"].tolist() == [f"{UNLABELLED_ID}{id_}" for id_ in ("a", "a#2")]
    assert table["label"].isna().all()
    assert "more.csv: 3 rows without labels read, 2 kept" in caplog.text
    assert "more.csv: 1 row without labels cannot be used (missing value 1)" in caplog.text
    assert "First: row 3: no sentence" in caplog.text
    with pytest.raises(ValueError, match=r"more\.csv: none of its 1 rows can be used"):
        normalise_unlabelled_rows("more.csv", [bad])


def test_no_rows_without_labels_are_a_table_all_the_same():
    table = no_unlabelled_rows()
    TestSentences.validate(table)
    assert table.empty
