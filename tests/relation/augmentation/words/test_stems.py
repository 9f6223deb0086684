"""What of a word may change, and how its particle follows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.rows.edits import apply_edits
from klue_pipeline.relation.augmentation.words.free_words import free_words
from klue_pipeline.relation.augmentation.words.stems import (
    draw_stems,
    find_runs,
    make_stem,
    replace_stem,
)
from klue_pipeline.text.morphemes import analyse

NOUNS = {"NNG", "NNP"}


def stems_of(row, tags=NOUNS):
    morphemes = next(analyse([row.sentence]))
    words = find_runs(row, morphemes, tags)
    return [make_stem(row, word, run) for word, runs in words for run in runs]


def test_compounds_are_one_run_and_words_of_entities_have_none(mark):
    row = mark("[[이순신]] 장군은 <<조선>>시대의 “국회의원과” 학교에서 승리했고 갔다.")
    assert [stem.text for stem in stems_of(row)] == ["장군", "국회의원", "학교", "승리"]
    word_ends = [row.sentence[stem.end_char : stem.word_end_char] for stem in stems_of(row)]
    assert word_ends == ["은", "과”", "에서", "했고"]


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("장군을", "친구를"),
        ("장군(將軍)은", "친구(將軍)는"),
        ("장군’으로", "친구’로"),
        ("장군했다", "친구했다"),
    ],
)
def test_the_particle_fits_the_new_word(mark, word, wanted):
    row = mark(f"[[이순신]]의 {word} <<조선>>은 보았다.")
    (stem,) = [stem for stem in stems_of(row) if stem.text == "장군"]
    changed = apply_edits(row, [replace_stem(row, stem, "친구")])
    assert changed.sentence == f"이순신의 {wanted} 조선은 보았다."


@settings(deadline=None)
@given(data=st.data())
def test_stems_of_random_rows_lie_in_free_words(data, examples):
    row = data.draw(examples)
    free = free_words(row)
    for stem in stems_of(row, NOUNS | {"SL", "SH", "SN"}):
        assert row.sentence[stem.start_char : stem.end_char] == stem.text
        (word,) = [w for w in free if w.start_char <= stem.start_char < w.end_char]
        assert stem.end_char <= word.end_char == stem.word_end_char


def test_draws_cover_all_stems_in_their_order(mark):
    row = mark("[[이순신]]의 장군은 학교와 노래와 의원을 <<조선>>에서 보았다.")
    stems = stems_of(row)
    drawn = [draw_stems(row, stems, 0.4, np.random.default_rng(seed)) for seed in range(30)]
    # Five free words, one of which (보았다) has no noun: 0.4 of them are two.
    assert {len(each) for each in drawn} == {2}
    assert all(each == sorted(each, key=lambda stem: stem.start_char) for each in drawn)
    assert {stem.text for each in drawn for stem in each} == {"장군", "학교", "노래", "의원"}
    assert len({tuple(each) for each in drawn}) == 6


def test_no_more_than_there_are(mark):
    row = mark("[[이순신]]은 <<조선>>에서 장군을 보고 가고 또 보았다.")
    stems = stems_of(row)
    assert [stem.text for stem in stems] == ["장군"]
    assert draw_stems(row, stems, 0.9, np.random.default_rng(0)) == stems
    assert draw_stems(row, [], 0.9, np.random.default_rng(0)) == []
