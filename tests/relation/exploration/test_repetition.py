"""Repetition counted by hand."""

import pandas as pd
import pytest

from klue_pipeline.relation.exploration.repetition import list_repeated_pairs, tabulate_repetition
from klue_pipeline.relation.ingest.sentence_table import pair_key


def row(row_id, sentence, subject, object_, label, problem=None):
    start, object_start = sentence.index(subject), sentence.index(object_)
    return {
        "row_id": row_id, "sentence": sentence, "label": label, "problem": problem,
        "subject_text": subject, "subject_start": start, "subject_end": start + len(subject),
        "subject_type": "PER", "object_text": object_, "object_start": object_start,
        "object_end": object_start + len(object_), "object_type": "LOC",
        "pair_key": pair_key(subject, object_),
    }  # fmt: skip


BEFORE = pd.DataFrame(
    [
        row("0", "이순신은 조선의 무신", "이순신", "조선", "per:origin"),
        row("1", "이순신은 조선의 무신", "이순신", "조선", "per:origin"),  # exact duplicate
        row("2", "이순신은 조선의 무신", "이순신", "조선", "no_relation"),  # contradiction
        row("3", "이순신은 조선의 무신", "조선", "이순신", "no_relation"),  # the same pair, turned
        row("4", "조선을 지킨 이순신", "이순신", "조선", "per:origin"),
        row("5", "박서준은 서울에서", "박서준", "서울", "per:place_of_birth"),
    ]
)
CLEAN = BEFORE[BEFORE["row_id"].isin(["0", "3", "4", "5"])].reset_index(drop=True)
TEST = pd.DataFrame(
    [
        row("t0", "이순신은 조선의 무신", "이순신", "조선", None),
        row("t1", "박서준은 서울에서", "박서준", "서", None),
        row("t2", "다른 이순신, 다른 조선", "조선", "이순신", None),
        row("t3", "- -", "-", "-", None, problem="empty sentence"),
    ]
)


@pytest.fixture
def counted():
    table = tabulate_repetition(BEFORE, CLEAN, TEST).set_index(["split", "measure"])
    return lambda split, measure: tuple(table.loc[(split, measure), ["rows", "groups", "share"]])


@pytest.mark.parametrize(
    ("split", "measure", "rows", "groups", "share"),
    [
        ("train_before_cleaning", "exact_duplicate", 1, 1, 1 / 6),
        ("train_before_cleaning", "contradictory_label", 3, 1, 3 / 6),
        ("train", "repeated_sentence", 2, 1, 2 / 4),
        ("train", "repeated_pair", 3, 1, 3 / 4),
        ("train", "repeated_sentence_and_pair", 2, 1, 2 / 4),
        ("train", "sentence_in_test", 3, 2, 3 / 4),
        ("train", "pair_in_test", 3, 1, 3 / 4),
        ("train", "sentence_and_pair_in_test", 2, 1, 2 / 4),
        ("train", "pair_with_several_labels", 3, 1, 3 / 4),
        ("test", "repeated_sentence", 0, 0, 0),
        ("test", "repeated_pair", 2, 1, 2 / 3),
        ("test", "sentence_in_train", 2, 2, 2 / 3),
        ("test", "pair_in_train", 2, 1, 2 / 3),
        ("test", "sentence_and_pair_in_train", 1, 1, 1 / 3),
    ],
)
def test_counts_by_hand(counted, split, measure, rows, groups, share):
    assert counted(split, measure) == (rows, groups, pytest.approx(share))


def test_every_count_stands_in_the_table_once():
    table = tabulate_repetition(BEFORE, CLEAN, TEST)
    assert not table.duplicated(["split", "measure"]).any()
    assert len(table) == 15


def test_without_test_rows():
    table = tabulate_repetition(BEFORE, CLEAN, TEST[:0]).set_index(["split", "measure"])
    assert table.loc[("test", "repeated_pair"), "rows"] == 0
    assert pd.isna(table.loc[("test", "repeated_pair"), "share"])
    assert table.loc[("train", "pair_in_test"), "rows"] == 0


def test_the_most_repeated_pairs_with_their_labels():
    pairs = list_repeated_pairs(CLEAN, 5)
    labels = {"per:origin": 2, "no_relation": 1}
    assert pairs == [{"pair": ["이순신", "조선"], "rows": 3, "labels": labels}]
    assert list_repeated_pairs(CLEAN, 0) == []
