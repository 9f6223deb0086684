"""The user's table of synonyms: what it finds, and what it refuses."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.augmentation.words.replacements import WordChoice, WordRequest
from klue_pipeline.relation.augmentation.words.synonyms import read_synonyms
from klue_pipeline.text.morphemes import analyse


def table(*pairs):
    lines = range(2, len(pairs) + 2)
    return pd.DataFrame(pairs, lines, columns=["word", "synonym"])


def stems_of(row, *words):
    source = read_synonyms(table(*((word, "말") for word in words)))
    return [stem.text for stem in source.find_stems(row, next(analyse([row.sentence])))]


@pytest.mark.parametrize(
    ("sentence", "words", "wanted"),
    [
        ("국회의원을 보았다", ["국회의원", "의원"], ["국회의원"]),
        ("명예회장을 보았다", ["회장"], []),
        ("회장들을 보았다", ["회장"], ["회장"]),
        ("회장들을 보았다", ["회장", "회장들"], ["회장들"]),
        ("결혼했다", ["결혼"], ["결혼"]),
        ("매우 깨끗하다", ["매우", "깨끗"], ["매우", "깨끗"]),
        ("회장과 회장", ["회장"], ["회장", "회장"]),
        ("갔다", ["가", "갔다"], []),
        ("학생을 보았다", ["회장"], []),
    ],
)
def test_which_words_it_knows(mark, sentence, words, wanted):
    row = mark(f"[[이순신]]이 <<조선>>에서 {sentence}.")
    assert stems_of(row, *words) == wanted


def test_words_of_entities_are_left_alone(mark):
    row = mark("[[학교]]의 <<국회 의원>>들과 의원이 학교에 왔다.")
    assert stems_of(row, "학교", "국회", "의원") == ["의원", "학교"]


def test_all_synonyms_of_a_word_are_drawn_alike(mark):
    pairs = [
        ("회장", "대표"),
        ("회장", "우두머리"),
        ("회장", "대표"),
        ("회장", "회장"),
        ("대표", "x"),
    ]
    source = read_synonyms(table(*pairs))
    row = mark("[[이순신]]이 <<조선>>에서 회장을 보았다.")
    stems = tuple(source.find_stems(row, next(analyse([row.sentence]))))
    ((choice,),) = source.find_words([WordRequest(row, stems)])
    assert (choice.words, choice.probabilities) == (("대표", "우두머리"), (0.5, 0.5))


def test_draws_follow_the_probabilities():
    choice = WordChoice(("가", "나", "다"), (0.5, 0.2, 0.3))
    generator = np.random.default_rng(0)
    counts = Counter(choice.draw(generator) for _ in range(4000))
    found = [counts[word] / 4000 for word in choice.words]
    np.testing.assert_allclose(found, choice.probabilities, atol=0.03)
    assert WordChoice().draw(generator) is None


def test_a_blink_in_the_last_bits_changes_no_draw():
    blurred = WordChoice(("가", "나"), (0.5 + 1e-7, 0.5 - 1e-7))
    exact = WordChoice(("가", "나"), (0.5, 0.5))
    for seed in range(300):
        draws = [choice.draw(np.random.default_rng(seed)) for choice in (blurred, exact)]
        assert draws[0] == draws[1]


def test_other_columns_and_blanks_around_words_do_not_matter():
    frame = table((" 회장 ", "회사  대표\n")).assign(source="mine")
    assert read_synonyms(frame)._choices["회장"].words == ("회사 대표",)


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (None, r"set raw\.synonyms to a CSV with the columns word and synonym"),
        (pd.DataFrame({"word": ["회장"], "other": ["대표"]}), r"columns word, other; wanted"),
        (table(), r"raw\.synonyms has 0 rows"),
        (table(("회장", "대표"), ("회장", None)), r"Line 3 of raw\.synonyms .*give both"),
        (table((" ", "대표")), r"Line 2 of raw\.synonyms"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_refused(frame, message):
    with pytest.raises(ValueError, match=message):
        read_synonyms(frame)
