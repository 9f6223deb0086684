"""Rows with words or an entity masked, by eye."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.mask_words import NO_WORD
from klue_pipeline.relation.augmentation.words.free_words import free_words, maskable_words


def test_marks_around_a_word_and_blanks_stay(augment, mark):
    origin = mark("[[이순신]]은  “그래!” 하고 <<수군>>에게 (크게)\t외쳤다.")
    (row,), _ = augment("mask_words", [origin], mask_share=0.99)
    assert row.sentence == "이순신은  “[MASK]!” [MASK] 수군에게 ([MASK])\t[MASK]."
    assert (row.subject, row.object.text) == (origin.subject, "수군")


@pytest.mark.parametrize(
    ("word", "masked"),
    [
        ("1,200명을", "[MASK]"),
        ("3·1", "[MASK]"),
        ("e\u0301", "[MASK]"),
        ("'e\u0301'", "'[MASK]'"),
        ("\u1112\u1161\u11ab글.", "[MASK]."),
        ("《鄭海仁》", "《[MASK]》"),
        ("_이름_", "_[MASK]_"),
        ("😀가", "😀[MASK]"),
    ],
)
def test_a_word_is_masked_from_its_first_letter_to_its_last(augment, mark, word, masked):
    (row,), _ = augment("mask_words", [mark(f"{word} [[가]]와 <<나>>")])
    assert row.sentence == f"{masked} 가와 나"


@pytest.mark.parametrize(
    "marked", ["[[가]]와 <<나>>", "[[가 나]]의 (<<다>>)", "[[가]] - <<나>> … 😀 ·"]
)
def test_rows_without_a_word_are_counted(augment, mark, marked):
    assert augment("mask_words", [mark(marked)]) == ([], {NO_WORD: 1})


@pytest.mark.parametrize(
    ("mask_share", "n_words", "n_masks"),
    [(0.15, 1, 1), (0.15, 3, 1), (0.15, 10, 2), (0.15, 20, 3), (0.5, 4, 2), (0.99, 5, 5)],
)
def test_the_share_of_words_is_rounded_and_at_least_one(
    augment, mark, mask_share, n_words, n_masks
):
    row = mark("[[이순신]]과 <<수군>> " + "말 " * n_words)
    (row,), _ = augment("mask_words", [row], mask_share=mask_share)
    assert row.sentence.count("[MASK]") == n_masks


def test_every_word_is_as_likely(augment, mark):
    rows = [mark("하나 둘 [[이순신]] 셋 <<수군>> 넷", row_id=str(number)) for number in range(400)]
    made, _ = augment("mask_words", rows)
    for word in ("하나", "둘", "셋", "넷"):
        assert 70 < sum(word not in row.sentence for row in made) < 130


@settings(deadline=None)
@given(data=st.data())
def test_a_maskable_word_is_a_free_word_less_its_marks(data, examples):
    row = data.draw(examples)
    free = free_words(row)
    for core in maskable_words(row):
        (word,) = (word for word in free if word.start_char <= core.start_char < word.end_char)
        around = (
            row.sentence[word.start_char : core.start_char]
            + row.sentence[core.end_char : word.end_char]
        )
        assert not any(letter.isalnum() for letter in around)
        assert row.sentence[core.start_char].isalnum()


@pytest.mark.parametrize(
    ("role", "marked", "sentence", "start"),
    [
        ("subject", "[[이순신]]은 <<수군>>을 이끈다.", "[MASK]은 수군을 이끈다.", 0),
        ("object", "[[이순신]]은 <<수군>>을 이끈다.", "이순신은 [MASK]을 이끈다.", 5),
        ("subject", "배우  [[정 해인]](<<鄭海仁>>)", "배우  [MASK](鄭海仁)", 4),
        ("subject", "<<서울>>[[시]] 서울시", "서울[MASK] 서울시", 2),
        ("object", "<<서울>>[[시]] 서울시", "[MASK]시 서울시", 0),
    ],
)
def test_one_entity_becomes_the_mask_and_all_else_stays(
    augment, mark, role, marked, sentence, start
):
    origin = mark(marked, "per:title", "PER:ORG")
    (row,), _ = augment("mask_entity", [origin], role=role)
    assert row.sentence == sentence
    (other,) = {"subject", "object"} - {role}
    masked, kept, former = row.entity(role), row.entity(other), origin.entity(other)
    assert (masked.text, masked.start_char, masked.end_char) == ("[MASK]", start, start + 6)
    assert (kept.text, kept.type) == (former.text, former.type)
    row.require_words_at_spans()


def test_either_draws_for_each_row(augment, mark):
    rows = [mark("[[이순신]]은 <<수군>>을 이끈다.", row_id=str(number)) for number in range(40)]
    made, _ = augment("mask_entity", rows, role="either")
    assert 10 < sum(new.subject.text == "[MASK]" for new in made) < 30
