"""Rows as augmentation sees them: read from the tables, and checked."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.rows.example import Example, read_examples
from klue_pipeline.relation.ingest.entities import Entity


def test_rows_are_read_in_order_with_their_folds(small_sentences):
    members = pd.DataFrame({"fold": [2, 0, 1], "row_id": ["1", "1", "0"]})
    rows = read_examples(small_sentences, members)
    assert [row.row_id for row in rows] == small_sentences["row_id"].tolist()
    assert [row.fold_key for row in rows[:3]] == [(1,), (0, 2), ()]
    assert rows[2] == Example(
        "2",
        "김하늘 대표는 한강출판의 신간을 소개했다.",
        subject=Entity("한강출판", 8, 12, "ORG"),
        object=Entity("김하늘", 0, 3, "PER"),
        label="org:top_members/employees",
    )
    for row, pair in zip(rows, small_sentences["pair_key"], strict=True):
        row.require_words_at_spans()
        assert row.pair_key == pair
        assert isinstance(row.subject.start_char, int)


def test_entities_stand_in_the_order_of_the_sentence(mark):
    row = mark("<<수군>>과 [[이순신]]", types="PER:ORG")
    assert [entity.text for entity in row.entities] == ["수군", "이순신"]
    assert row.type_pair == "PER:ORG"
    swapped = replace(row, subject=row.object, object=row.subject)
    assert swapped.entities == row.entities
    assert swapped.pair_key == row.pair_key


@pytest.mark.parametrize(
    ("subject", "message"),
    [
        (Entity("이순신", 1, 4, "PER"), "wanted '이순신' at 1 to 4, found '순신은'"),
        (Entity("이순신", 0, 2, "PER"), "wanted '이순신' at 0 to 2, found '이순'"),
        (Entity("이순신", 30, 33, "PER"), "found ''"),
        (Entity("", 0, 0, "PER"), "wanted ''"),
        (Entity("은 수", 3, 6, "PER"), "overlap"),
        (Entity("수군", 5, 7, "PER"), "overlap"),
    ],
)
def test_rows_whose_words_are_not_where_they_say_are_refused(mark, subject, message):
    row = replace(mark("[[이순신]]은 <<수군>>을 이끌었다.", row_id="7"), subject=subject)
    with pytest.raises(ValueError, match=message) as error:
        row.require_words_at_spans()
    assert "Row made from 7" in str(error.value)


@settings(deadline=None)
@given(data=st.data(), shift=st.integers(1, 3))
def test_a_shifted_span_is_never_taken_for_right_unless_the_words_repeat(data, examples, shift):
    row = data.draw(examples)
    entity = row.subject
    moved = replace(entity, start_char=entity.start_char + shift, end_char=entity.end_char + shift)
    found = row.sentence[moved.start_char : moved.end_char]
    overlaps = moved.start_char < row.object.end_char and row.object.start_char < moved.end_char
    if found == entity.text and not overlaps:
        replace(row, subject=moved).require_words_at_spans()
    else:
        with pytest.raises(ValueError, match="Row made from"):
            replace(row, subject=moved).require_words_at_spans()
