"""Rows with scattered marks: by eye, and against the paper."""

import re

import pytest

from klue_pipeline.relation.augmentation.methods.aeda import MARKS, NO_PLACE, REPEATED
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity

SENTENCE = "배우 [[정 해인]]은  지난 봄 <<서울>>에서 새 집을 샀다 고 했다."


def n_marks(row, origin):
    return (len(row.sentence) - len(origin.sentence)) // 2


def test_marks_stand_as_words_before_words_and_never_inside_an_entity(augment, mark):
    made, _ = augment("aeda", [mark(SENTENCE)], max_share=1, copies=50)
    assert len(made) == 50
    words = r"배우 {m}정 해인은  {m}지난 {m}봄 {m}서울에서 {m}새 {m}집을 {m}샀다 {m}고 {m}했다."
    pattern = "{m}" + words.replace(".", r"\.")
    for row in made:
        assert re.fullmatch(pattern.replace("{m}", "([.;?:!,] )?"), row.sentence)


def test_numbers_of_marks_go_evenly_from_one_to_the_share_of_the_words(augment, mark):
    rows = [mark(SENTENCE, row_id=str(number)) for number in range(600)]
    made, _ = augment("aeda", rows, max_share=0.33)
    counts = [n_marks(row, origin) for row, origin in zip(made, rows, strict=True)]
    # 11 words: 1, 2, 3 or 4 marks.
    assert sorted(set(counts)) == [1, 2, 3, 4]
    assert all(110 < counts.count(number) < 190 for number in (1, 2, 3, 4))
    inserted = "".join(row.sentence for row in made)
    assert all(inserted.count(f" {symbol} ") > 100 for symbol in MARKS)


@pytest.mark.parametrize(
    ("marked", "max_share"), [("[[가 나]]<<다 라>>", 1.0), ("[[가]] <<나>>", 0.1)]
)
def test_one_mark_at_least_and_no_more_than_places(augment, mark, marked, max_share):
    row = mark(marked)
    made, _ = augment("aeda", [row], max_share=max_share, copies=5)
    assert {n_marks(new, row) for new in made} == {1}


def test_copies_differ_and_those_that_cannot_are_counted(augment, mark):
    # One place and six marks.
    made, skipped = augment("aeda", [mark("[[가 나]]<<다 라>>")], copies=20)
    assert {row.sentence[0] for row in made} == set(MARKS)
    assert len(made) == 6
    assert skipped == {REPEATED: 14}


def test_a_row_without_a_place_is_counted(augment):
    row = Example("0", " 가나", Entity(" 가", 0, 2, "PER"), Entity("나", 2, 3, "ORG"), "per:title")
    assert augment("aeda", [row]) == ([], {NO_PLACE: 1})
