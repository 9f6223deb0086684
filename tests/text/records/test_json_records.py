"""JSON in which single rows cannot be read: the others are."""

import json

import pytest

from klue_pipeline.text.records.json_records import read_json, read_json_lines

GOOD = {"text": '가 [나] "다]'}
DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        (DEEP, "nested too deeply: ["),
        (f'{{"b": "]\\"", "a": {DEEP}}}', 'nested too deeply: {"b"'),
        ("7", "no JSON object: 7"),
        (f'{{"n": {"9" * 10_000}}}', {"n": "9" * 10_000}),
    ],
)
def test_one_bad_row_costs_itself(row, wanted):
    good = json.dumps(GOOD)
    for found in (
        read_json(f"[{good}, {row} ,\n{good}]", "x.json"),
        list(read_json_lines([good, row, good])),
    ):
        assert [found[0], found[2]] == [GOOD, GOOD]
        alike = isinstance(wanted, dict) or isinstance(found[1], str)
        assert alike
        assert wanted == found[1] if isinstance(wanted, dict) else wanted[:12] in found[1]


@pytest.mark.parametrize("text", ["[", "[1", "[1,]", "[1 2]", "[1]x", '{"a": 1} {', "[" + DEEP])
def test_what_is_not_whole_is_refused(text):
    with pytest.raises(ValueError, match=r"x\.json is not whole JSON"):
        read_json(text, "x.json")
    assert read_json(" [ ] ", "x.json") == []
