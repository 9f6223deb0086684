"""Answers in passages: what writers do differently is no difference, and numbers are whole."""

import unicodedata

import pytest

from klue_pipeline.odqa.metrics.answer_strings import holds_answer, normalise_for_search


@pytest.mark.parametrize(
    ("passage", "answer", "found"),
    [
        ("박경리가 쓴 《토지》", "토지", True),
        ("서울 특별시", "서울\\n특별시", True),
        ("BTS의 노래", "bts", True),
        (unicodedata.normalize("NFD", "백두산은 높다"), "백두산", True),
        ("길이는 494km이다", "94", False),
        ("길이는 494km이다", "494", True),
        ("1953년과 3년", "3", True),
        ("1953년", "3", False),
        ("아무 말", "", False),
        ("아무 말", "《》", False),
    ],
)
def test_an_answer_is_found_as_a_reader_would(passage, answer, found):
    answers = [normalise_for_search(answer)]
    assert holds_answer(normalise_for_search(passage), answers) is found
