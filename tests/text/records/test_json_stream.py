"""Members of JSON that is read in pieces are those that reading it whole finds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.records.json_stream import stream_members

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**17) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(
    content=st.lists(VALUES, max_size=4) | st.dictionaries(st.text(), VALUES, max_size=4),
    size=st.integers(1, 40),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
)
def test_wherever_the_text_is_cut_its_members_are_the_same(content, size, indent, ascii_only):
    text = json.dumps(content, indent=indent, ensure_ascii=ascii_only) + "\n"
    chunks = [text[start : start + size] for start in range(0, len(text), size)]
    wanted = content.items() if isinstance(content, dict) else ((None, each) for each in content)
    assert list(stream_members(chunks, "x.json")) == list(wanted)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"Expecting \[ or \{ at line 1 \(character 0\)"),
        ('{"0": {"text": "토지"},\n"1": {"te', r"at line 2 .*Is the file cut off\?"),
        ('{"0": {"text": "토\n지"}}', r"Invalid control character at at line 1 \(character 17\)"),
        ('{"0": {}} {"1": {}}', "Extra data at line 1"),
        ('{"0": {},}', "Expecting a name in double quotes"),
        ("[1 2]", r"Expecting , or \]"),
        ('{"0" {}}', "Expecting :"),
        ("[" + "[" * 100_000 + "]" * 100_001, "nested too deeply"),
    ],
)
def test_what_is_not_whole_says_where(text, message):
    with pytest.raises(ValueError, match=rf"x\.json is not whole JSON: .*{message}"):
        list(stream_members([text], "x.json"))


def test_an_error_in_the_middle_is_found_without_reading_on():
    def chunks():
        yield '{"0": {"text": oops' + " " * 100
        pytest.fail("read on behind an error")

    with pytest.raises(ValueError, match="Expecting value at line 1"):
        list(stream_members(chunks(), "x.json"))
