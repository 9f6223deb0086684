"""Answers stand where they are said to stand, whatever their context is written in."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.ingest.answer_places import PlacedAnswer, place_answers
from klue_pipeline.odqa.ingest.parsing.raw_question import RawAnswer

NFD = unicodedata.normalize("NFD", "서울")
ANSWERS = ["서울", NFD, "한강", "漢字", "😀", "\uf9e1"]
PIECES = [*ANSWERS, "👩\u200d👩", "\"'", "《", " ", "\\n", "e\u0301", "은"]
TEXTS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12)


def nfc(text):
    return unicodedata.normalize("NFC", text)


@given(before=TEXTS, answer=st.sampled_from(ANSWERS), after=TEXTS)
def test_a_right_place_stays_right_in_the_composed_context(before, answer, after):
    before, after = "".join(before), " " + "".join(after)
    raw = [RawAnswer(answer, len(before))]
    placed, problems = place_answers(before + answer + after, raw)
    assert (placed, problems) == ([PlacedAnswer(nfc(answer), len(nfc(before)))], [])


@given(pieces=TEXTS, answer=st.sampled_from(PIECES), start=st.none() | st.integers(-3, 60))
def test_an_answer_is_placed_where_it_stands_or_not_at_all(pieces, answer, start):
    context = nfc("".join(pieces))
    placed, problems = place_answers("".join(pieces), [RawAnswer(answer, start)])
    assert len(placed) + len(problems) == 1
    for text, place in placed:
        assert context.startswith(text, place)
        again = context.find(text, context.find(text) + 1)
        assert place == start or again < 0 or nfc("".join(pieces)) != "".join(pieces)


def test_a_wrong_place_is_found_again_where_the_answer_occurs_once():
    context = "서울은 수도다. 서울에는 한강이 있다."
    answers = [RawAnswer("한강", 0), RawAnswer("서울", 3), RawAnswer("부산", 0), RawAnswer(" ", 3)]
    placed, problems = place_answers(context, answers)
    assert placed == [PlacedAnswer("한강", 14)]
    assert problems == [
        "wanted '서울' at character 3, and it stands more than once in the context",
        "wanted '부산' at character 0, and it stands nowhere in the context",
        "answer is ' '",
    ]
