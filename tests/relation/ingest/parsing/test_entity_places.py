"""Entities found by their words: exactly one place, or a problem in words."""

from unicodedata import normalize

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klue_pipeline.relation.ingest.parsing.entity_places import locate_words


def places_one_by_one(sentence, words):
    return [n for n in range(len(sentence)) if sentence[n : n + len(words)] == words]


@given(st.text("가나 ", max_size=12), st.text("가나 ", min_size=1, max_size=4))
@example("가가가", "가가")  # places that overlap are two
def test_the_place_is_that_of_a_naive_search(sentence, words):
    found, places = locate_words(sentence, words), places_one_by_one(sentence, words)
    if len(places) == 1:
        assert found == (places[0], places[0] + len(words))
        assert sentence[slice(*found)] == words
    else:
        assert isinstance(found, str)


@pytest.mark.parametrize(
    ("sentence", "words", "problem"),
    [
        ("아아아", "아아", "'아아' stands at characters 0 and 1 of the sentence; give its offsets"),
        (
            "이 이 이",
            "이",
            "'이' stands at characters 0, 2 and 4 of the sentence; give its offsets",
        ),
        ("가" * 30, "가", "'가' stands at characters 0, 1, 2, 3, 4, 5, 6, 7 and 22 more of the"),
        ("이순신은 무신이다.", "원균", "'원균' is not in the sentence"),
        ("", "이순신", "'이순신' is not in the sentence"),
        ("짧다", "가" * 99, f"'{'가' * 27}...{'가' * 28}' is not in the sentence"),
    ],
)
def test_what_is_wrong_is_said(sentence, words, problem):
    found = locate_words(sentence, words)
    assert found.startswith(problem)
    assert "Unicode" not in found


@pytest.mark.parametrize(("stored", "asked"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_words_stored_in_other_letters_are_not_found_but_explained(stored, asked):
    sentence, words = normalize(stored, "토지는 소설이다."), normalize(asked, "토지")
    assert "after Unicode normalisation; bring both to NFC first" in locate_words(sentence, words)
    both_alike = locate_words(sentence, normalize(stored, "토지"))
    assert both_alike == (0, len(normalize(stored, "토지")))
