"""What was missed, worst first, with excerpts in which shared words are marked."""

import pytest
from retrieval_world import GOOD, POOR, make_truth

from klue_pipeline.odqa.retrieval_report.marks import ANSWER, SHARED, mark_excerpt, mark_text
from klue_pipeline.odqa.retrieval_report.misses import find_misses


def test_misses_are_counted_and_the_worst_are_shown():
    truth = make_truth()
    misses = find_misses(POOR, truth, "validation", "recall_at_1")
    assert (misses.depth, misses.questions, misses.missed) == (1, 3, 3)
    assert [(miss.question_id, miss.gold.rank) for miss in misses.shown] == [
        ("q1", None), ("q2", None), ("q0", 3)
    ]  # fmt: skip
    assert [own.passage_id for own in misses.shown[2].instead] == ["p4", "p5", "p0"]
    assert misses.shown[2].instead[0].holds_answer
    assert misses.shown[1].instead == []
    few = find_misses(POOR, truth, "validation", "recall_at_1", most=1)
    assert (few.missed, len(few.shown)) == (3, 1)
    assert not find_misses(GOOD, truth, "validation", "mrr").missed
    assert find_misses(POOR, truth, "validation", "recall_at_5").missed == 2


def marked(pieces, mark):
    return [piece.text for piece in pieces if piece.mark == mark]


def test_words_are_shared_as_far_as_their_beginnings_are_the_same():
    pieces = mark_text("한강의 길이는 얼마인가?", "한강은 서해로 흐르고 길이가 길다")
    assert marked(pieces, SHARED) == ["한강", "길이"]
    assert "".join(piece.text for piece in pieces) == "한강의 길이는 얼마인가?"


@pytest.mark.parametrize("before", [0, 50, 5000])
@pytest.mark.parametrize("after", [0, 5000])
def test_an_excerpt_is_short_and_around_the_answer(before, after):
    text = "가 " * before + "한강의\\n길이는 494km이다. 길이를 쟀다." + " 나" * after
    pieces = mark_excerpt(text, "한강은 길이가 얼마인가?", ["494km"])
    written = "".join(piece.text for piece in pieces)
    assert marked(pieces, ANSWER) == ["494km"]
    assert marked(pieces, SHARED) == ["한강", "길이", "길이"]
    assert len(written) <= 264
    assert "\\n" not in written
    assert written.startswith("…") == (before > 100)
    assert written.endswith("…") == (after > 0)


def test_letters_that_change_length_in_lower_case_are_not_marked_wrongly():
    assert marked(mark_text("İstanbul 도시", "도시"), SHARED) == []
