"""Rows with words masked: by eye, and properties over random rows."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.mask_words import (
    NO_WORD,
    build_mask_words,
)
from klue_pipeline.relation.augmentation.words.words import free_words, maskable_words
from klue_pipeline.relation.settings.augment_params import MaskWordsParams


@pytest.fixture(scope="session")
def mask(settings_of, make_context):
    def run(rows, mask_share=0.15, seed=0):
        context = make_context(seed=seed)
        params = MaskWordsParams(**settings_of(mask_share=mask_share))
        return list(build_mask_words(params, context)(rows)), context.skipped

    return run


def test_marks_around_a_word_and_blanks_stay(mask, mark):
    origin = mark("[[이순신]]은  “그래!” 하고 <<수군>>에게 (크게)\t외쳤다.")
    (row,), _ = mask([origin], mask_share=0.99)
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
def test_a_word_is_masked_from_its_first_letter_to_its_last(mask, mark, word, masked):
    (row,), _ = mask([mark(f"{word} [[가]]와 <<나>>")])
    assert row.sentence == f"{masked} 가와 나"


@pytest.mark.parametrize(
    "marked", ["[[가]]와 <<나>>", "[[가 나]]의 (<<다>>)", "[[가]] - <<나>> … 😀 ·"]
)
def test_rows_without_a_word_are_counted(mask, mark, marked):
    rows, skipped = mask([mark(marked)])
    assert rows == []
    assert skipped == {NO_WORD: 1}


@pytest.mark.parametrize(
    ("mask_share", "n_words", "n_masks"),
    [(0.15, 1, 1), (0.15, 3, 1), (0.15, 10, 2), (0.15, 20, 3), (0.5, 4, 2), (0.99, 5, 5)],
)
def test_the_share_of_words_is_rounded_and_at_least_one(mask, mark, mask_share, n_words, n_masks):
    (row,), _ = mask([mark("[[이순신]]과 <<수군>> " + "말 " * n_words)], mask_share)
    assert row.sentence.count("[MASK]") == n_masks


def test_every_word_is_as_likely(mask, mark):
    rows = [mark("하나 둘 [[이순신]] 셋 <<수군>> 넷", row_id=str(number)) for number in range(400)]
    made, _ = mask(rows)
    for word in ("하나", "둘", "셋", "넷"):
        assert 70 < sum(word not in row.sentence for row in made) < 130
    other, _ = mask(rows, seed=1)
    assert [row.sentence for row in made] != [row.sentence for row in other]


@settings(deadline=None)
@given(data=st.data(), mask_share=st.sampled_from([0.1, 0.5, 0.99]))
def test_random_rows_stay_sound_and_only_free_words_are_masked(
    data, examples, mask, assert_sound, mask_share
):
    row = data.draw(examples)
    words = maskable_words(row)
    made, skipped = mask([row], mask_share)
    assert len(made) + skipped.total() == 1
    assert bool(made) == bool(words)
    for new in made:
        assert_sound(new, row)
        assert (new.subject.text, new.object.text) == (row.subject.text, row.object.text)
        assert new.label == row.label
        assert new.type_pair == row.type_pair
        _assert_only_these_changed(row.sentence, new.sentence, words)
        assert new.sentence.count("[MASK]") == max(1, round(mask_share * len(words)))


def _assert_only_these_changed(before, after, words):
    """Each word is itself or the mask, and all between them is as it was."""
    pattern, cursor = "", 0
    for word in words:
        text = re.escape(before[word.start_char : word.end_char])
        between = re.escape(before[cursor : word.start_char])
        pattern += rf"{between}(?:{text}|\[MASK\])"
        cursor = word.end_char
    assert re.fullmatch(pattern + re.escape(before[cursor:]), after)


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


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_neither_chunks_nor_order_matter(
    data, example_lists, settings_of, make_context, assert_stable
):
    params = MaskWordsParams(**settings_of(mask_share=0.3))
    assert_stable(build_mask_words, params, data.draw(example_lists), make_context)
