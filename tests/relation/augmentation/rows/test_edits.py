"""Edits against a list of characters that carry the borders of the entities along."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.rows.edits import Edit, apply_edits

OPENING = {"subject": "\ue000", "object": "\ue001"}
CLOSING = {"subject": "\ue002", "object": "\ue003"}
BORDERS = (*OPENING.values(), *CLOSING.values())
TEXTS = st.one_of(st.sampled_from(["", " ", "은", "[MASK] ", "😀", "鄭 해인"]), st.text(max_size=3))


def edit_characters(row, edits):
    """Carry out edits one by one on characters that the borders beside them are glued to."""
    characters = list(row.sentence)
    for role in ("subject", "object"):
        entity = getattr(row, role)
        characters[entity.start_char] = OPENING[role] + characters[entity.start_char]
        characters[entity.end_char - 1] += CLOSING[role]
    for start, end, text in sorted(edits, reverse=True):
        borders = [border for border in BORDERS if border in "".join(characters[start:end])]
        characters[start:end] = [text.join(borders) if borders else text]
    return "".join(characters)


def show_borders(row):
    """Write the borders of a row's entities into its sentence."""
    sentence = row.sentence
    for entity in reversed(row.entities):
        role = "subject" if entity is row.subject else "object"
        word = OPENING[role] + sentence[entity.start_char : entity.end_char] + CLOSING[role]
        sentence = sentence[: entity.start_char] + word + sentence[entity.end_char :]
    return sentence


@st.composite
def edits_of(draw, row):
    """Some edits between the entities, at their borders, and of whole entities."""
    first, second = row.entities
    gaps = [
        (0, first.start_char),
        (first.end_char, second.start_char),
        (second.end_char, len(row.sentence)),
    ]
    edits = []
    for start, end in gaps:
        places = draw(st.lists(st.integers(start, end), min_size=4, max_size=4).map(sorted))
        edits += [Edit(*places[:2], draw(TEXTS)), Edit(*places[2:], draw(TEXTS))]
    edits += [
        Edit(item.start_char, item.end_char, draw(TEXTS.filter(bool))) for item in (first, second)
    ]
    return draw(st.lists(st.sampled_from(edits), unique=True).flatmap(st.permutations))


@settings(deadline=None)
@given(data=st.data())
def test_any_edits_move_the_entities_as_glue_would(data, examples):
    row = data.draw(examples)
    edits = data.draw(edits_of(row))
    written = row.sentence + "".join(edit.text for edit in edits)
    assume(not any(border in written for border in BORDERS))
    new = apply_edits(row, edits)
    assert show_borders(new) == edit_characters(row, edits)
    new.require_words_at_spans()
    assert (new.label, new.type_pair, new.weight) == (row.label, row.type_pair, row.weight)


@pytest.fixture
def row(mark):
    return mark("배우 [[정 해인]]은 <<서울>> 새벽")


def test_entities_move_with_what_comes_before_them(row):
    edits = [
        Edit(0, 2, "가수"),
        Edit(7, 8, "이"),
        Edit(9, 11, "제주"),
        Edit(9, 9, "큰 "),
        Edit(11, 12, ""),
    ]
    new = apply_edits(row, edits)
    assert new.sentence == "가수 정 해인이 큰 제주새벽"
    assert (new.subject.start_char, new.subject.end_char) == (3, 7)
    assert (new.object.text, new.object.start_char, new.object.end_char) == ("제주", 11, 13)


def test_what_comes_in_at_a_border_stays_outside(row):
    edits = [Edit(3, 3, "("), Edit(7, 7, ")"), Edit(9, 9, "《"), Edit(11, 11, "》")]
    new = apply_edits(row, edits)
    assert new.sentence == "배우 (정 해인)은 《서울》 새벽"
    assert (new.subject.text, new.object.text) == ("정 해인", "서울")


def test_no_edits_change_nothing(row):
    assert apply_edits(row, []) == row


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ([Edit(4, 5, "")], "changes a part of"),
        ([Edit(4, 4, "!")], "changes a part of"),
        ([Edit(2, 4, "!")], "changes a part of"),
        ([Edit(6, 8, "!")], "changes a part of"),
        ([Edit(2, 8, "정 해인")], "changes a part of"),
        ([Edit(3, 7, "")], "changes a part of"),
        ([Edit(0, 2, "가"), Edit(1, 2, "나")], "overlap"),
        ([Edit(3, 7, "가"), Edit(3, 7, "나")], "overlap"),
        ([Edit(13, 15, "가")], "reaches out of a sentence of 14"),
        ([Edit(-1, 1, "가")], "reaches out of a sentence of 14"),
        ([Edit(2, 1, "가")], "reaches out of a sentence of 14"),
    ],
)
def test_edits_that_would_break_a_row_are_refused(row, edits, message):
    with pytest.raises(ValueError, match=message):
        apply_edits(row, edits)
