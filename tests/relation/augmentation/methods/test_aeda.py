"""Rows with scattered marks: by eye, against the paper, and properties over random rows."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.methods.aeda import (
    MARKS,
    NO_PLACE,
    REPEATED,
    build_aeda,
)
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.augmentation.words.words import mark_places
from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.settings.augment_params import AedaParams

SENTENCE = "배우 [[정 해인]]은  지난 봄 <<서울>>에서 새 집을 샀다 고 했다."


@pytest.fixture(scope="session")
def scatter(settings_of, make_context):
    def run(rows, max_share=0.33, copies=1, seed=0):
        context = make_context(seed=seed)
        params = AedaParams(**settings_of(max_share=max_share, copies=copies))
        return list(build_aeda(params, context)(rows)), context.skipped

    return run


def n_marks(row, origin):
    return (len(row.sentence) - len(origin.sentence)) // 2


def test_marks_stand_as_words_before_words_and_never_inside_an_entity(scatter, mark):
    origin = mark(SENTENCE)
    made, _ = scatter([origin], max_share=1, copies=50)
    assert len(made) == 50
    words = r"배우 {m}정 해인은  {m}지난 {m}봄 {m}서울에서 {m}새 {m}집을 {m}샀다 {m}고 {m}했다."
    pattern = "{m}" + words.replace(".", r"\.")
    for row in made:
        assert re.fullmatch(pattern.replace("{m}", "([.;?:!,] )?"), row.sentence)


def test_numbers_of_marks_go_evenly_from_one_to_the_share_of_the_words(scatter, mark):
    rows = [mark(SENTENCE, row_id=str(number)) for number in range(600)]
    made, _ = scatter(rows, max_share=0.33)
    counts = [n_marks(row, origin) for row, origin in zip(made, rows, strict=True)]
    # 11 words: 1, 2, 3 or 4 marks.
    assert sorted(set(counts)) == [1, 2, 3, 4]
    assert all(110 < counts.count(number) < 190 for number in (1, 2, 3, 4))
    inserted = "".join(row.sentence for row in made)
    assert all(inserted.count(f" {symbol} ") > 100 for symbol in MARKS)


def test_one_mark_at_least_and_no_more_than_places(scatter, mark):
    origin = mark("[[가 나]]<<다 라>>")
    assert mark_places(origin) == [0]
    made, _ = scatter([origin], max_share=1)
    assert n_marks(made[0], origin) == 1
    short = mark("[[가]] <<나>>")
    assert {n_marks(row, short) for row in scatter([short], 0.1, copies=5)[0]} == {1}


def test_copies_differ_and_those_that_cannot_are_counted(scatter, mark):
    # One place and six marks.
    made, skipped = scatter([mark("[[가 나]]<<다 라>>")], copies=20)
    assert {row.sentence[0] for row in made} == set(MARKS)
    assert len(made) == 6
    assert skipped == {REPEATED: 14}


def test_a_row_without_a_place_is_counted(scatter):
    row = Example("0", " 가나", Entity(" 가", 0, 2, "PER"), Entity("나", 2, 3, "ORG"), "per:title")
    made, skipped = scatter([row])
    assert made == []
    assert skipped == {NO_PLACE: 1}


def test_another_seed_draws_anew(scatter, mark):
    rows = [mark(SENTENCE, row_id=str(number)) for number in range(5)]
    assert scatter(rows)[0] == scatter(rows)[0]
    assert scatter(rows)[0] != scatter(rows, seed=1)[0]


@settings(deadline=None)
@given(data=st.data(), max_share=st.sampled_from([0.1, 0.33, 1.0]), copies=st.integers(1, 4))
def test_random_rows_stay_sound_and_lose_nothing(
    data, examples, scatter, assert_sound, max_share, copies
):
    row = data.draw(examples)
    made, skipped = scatter([row], max_share, copies)
    assert len(made) == len({new.sentence for new in made})
    assert len(made) + skipped.total() == (copies if mark_places(row) else 1)
    for new in made:
        assert_sound(new, row)
        assert (new.subject.text, new.object.text) == (row.subject.text, row.object.text)
        assert new.label == row.label
        assert new.type_pair == row.type_pair
        assert 1 <= n_marks(new, row) <= max(1, round(max_share * len(row.sentence.split())))
        _assert_only_marks_came_in(row, new)


def _assert_only_marks_came_in(row, new):
    """Each place has its mark or none, and all between them is as it was."""
    pattern, cursor = "", 0
    for place in mark_places(row):
        pattern += re.escape(row.sentence[cursor:place]) + "([.;?:!,] )?"
        cursor = place
    assert re.fullmatch(pattern + re.escape(row.sentence[cursor:]), new.sentence)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_neither_chunks_nor_order_matter(
    data, example_lists, settings_of, make_context, assert_stable
):
    params = AedaParams(**settings_of(max_share=0.33, copies=2))
    assert_stable(build_aeda, params, data.draw(example_lists), make_context)
