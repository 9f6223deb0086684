"""Excerpts: what is marked stands in them, however far apart, and nothing is lost between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.answer_report.excerpts import (
    BOTH,
    GIVEN,
    GOLD,
    PLAIN,
    cut_excerpt,
    find_spans,
    overlaps,
)

SPANS = st.tuples(st.integers(0, 590), st.integers(1, 40)).map(
    lambda own: (own[0], min(600, sum(own)))
)


def written(pieces, *marks):
    return "".join(piece.text for piece in pieces if not marks or piece.mark in marks)


@pytest.mark.parametrize(("start", "ellipses"), [(0, 1), (100, 2), (395, 1)])
def test_an_excerpt_is_around_the_answer(start, ellipses):
    text = "가" * start + "서울특별시" + "나" * (395 - start)
    pieces = cut_excerpt(text, [(start, start + 2)], (start, start + 5), [(start, start + 5)])
    assert written(pieces, BOTH) == "서울"
    assert written(pieces, GIVEN) == "특별시"
    assert written(pieces).count("…") == ellipses
    assert len(written(pieces)) <= 5 + 2 * 90 + 4


def test_places_far_apart_are_both_seen():
    text = "서울" + " 가" * 400 + "부산" + " 나" * 400
    pieces = cut_excerpt(text, [(802, 804)], (0, 2), [(0, 2), (802, 804)])
    assert written(pieces, GIVEN) == "서울"
    assert written(pieces, GOLD) == "부산"
    assert written(pieces).count(" … ") == 1
    assert written(pieces).endswith(" …")


def test_a_passage_without_answers_shows_its_beginning():
    assert cut_excerpt("한강\\n\n은", [], None, []) == [("한강 은", PLAIN)]


@given(st.lists(SPANS, max_size=4), st.none() | SPANS, st.lists(SPANS, max_size=3))
def test_marks_are_those_of_the_characters(gold, answer, around):
    text = "".join(chr(0xAC00 + place) for place in range(600))
    for piece in cut_excerpt(text, gold, answer, around):
        if "…" in piece.text:
            continue
        start = ord(piece.text[0]) - 0xAC00
        assert piece.text == text[start : start + len(piece.text)]
        for place in range(start, start + len(piece.text)):
            wanted = GOLD * any(a <= place < b for a, b in gold)
            wanted += GIVEN * (answer is not None and answer[0] <= place < answer[1])
            assert piece.mark == wanted
    shown = written(cut_excerpt(text, gold, answer, around))
    assert all(text[a:b] in shown for a, b in around)


def test_places_of_answers_are_literal_and_sorted():
    assert find_spans("a.b a+b aab", ["a+b", "a.b", "", "없음"]) == [(0, 3), (4, 7)]
    assert overlaps((3, 5), [(0, 3), (4, 6)])
    assert not overlaps((3, 4), [(0, 3), (4, 6)])
