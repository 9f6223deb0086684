import pytest

from klue_pipeline.relation.ingest.parsing.raw_row import (
    RawEntity,
    read_entity,
)
from klue_pipeline.text.records.cells import (
    read_number_or_name,
    read_text,
)

GOOD = {"word": "서울", "start_idx": 0, "end_idx": 1, "type": "LOC"}


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("100", 100),
        ("100.0", 100),
        ("-1", -1),
        (29, 29),
        (" per:spouse ", "per:spouse"),
        ("1e3", "1e3"),
        ("9" * 5000, "9" * 5000),  # int() refuses so many digits
        ("", None),
        (None, None),
        (7.0, 7),
        *((misfit, None) for misfit in (True, ["x"], {"x": 1}, float("inf"), float("nan"))),
    ],
)
def test_numbers_and_names(value, wanted):
    assert read_number_or_name(value) == wanted


def test_id_that_utf8_cannot_hold_is_escaped():
    assert read_text("행\ud800") == "행\\ud800"


def test_inclusive_end_becomes_exclusive():
    assert read_entity(GOOD) == RawEntity("서울", 0, 2, "LOC")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"word": None}, "word is missing"),
        ({"type": None}, "type is missing"),
        ({"start_idx": "0"}, "start_idx is '0', wanted a whole number"),
        ({"start_idx": 0.5}, "start_idx is 0.5, wanted a whole number"),
        ({"end_idx": True}, "end_idx is True, wanted a whole number"),
        ({"word": ["서울"]}, "word is ['서울'], wanted text"),
    ],
)
def test_problem_names_the_field(change, problem):
    assert read_entity(GOOD | change) == problem


def test_something_else_than_a_dictionary_is_a_problem():
    assert read_entity(["서울", 0, 1]) == (
        "wanted word, start_idx, end_idx and type, found ['서울', 0, 1]"
    )
