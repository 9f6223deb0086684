"""One row as its file states it, before anybody judged it, and how its values are read."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import pandas as pd

from klue_pipeline.text.shortened import shorten as shorten  # noqa: PLC0414 - its readers look here

# A table library turns whole numbers into 100.0 once a column has a gap.
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}(\.0)?")
_ENTITY_FIELDS = {"word": str, "start_idx": int, "end_idx": int, "type": str}


@dataclass(frozen=True, slots=True)
class RawEntity:
    """An entity as its row states it; nothing says yet that the word is at its offsets.

    Attributes:
        word: The entity's words.
        start: First character in the sentence, counted from 0.
        end: One past the last character.
        type: Entity type such as ``PER``, or None in a format that has no types.
    """

    word: str
    start: int
    end: int
    type: str | None


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row of any format.

    Attributes:
        row_number: Data row as a person counts: from 1, without header and blank lines.
        row_id: The row's id, or None where it has none.
        sentence: The sentence, or None where it has none.
        subject: The subject, a sentence saying why it cannot be read, or None where there is none.
        object: The object, likewise.
        label: A label's name, its number in the format's own order, or None where it has none.
        source: Where the sentence comes from, or None.
        given_fold: Number of the fold that the file assigns, the unreadable text found in its
            place, or None.
        problem: Why nothing could be read of the row, in words; None in all others.
        misfits: Which of id, label, source and fold hold something else than text or a number, in
            words; None where all can be read. Such a field counts as missing.
    """

    row_number: int
    row_id: str | None
    sentence: str | None
    subject: RawEntity | str | None
    object: RawEntity | str | None
    label: str | int | None
    source: str | None = None
    given_fold: str | int | None = None
    problem: str | None = None
    misfits: str | None = None

    @classmethod
    def unreadable(cls, row_number: int, row_id: str | None, problem: str) -> "RawRow":
        """Return a row of which nothing but its place is known."""
        return cls(row_number, row_id, None, None, None, None, problem=problem)


def is_plain(value: Any) -> bool:
    """Tell whether a value can be meant as text: it is text, a number, a date, or not there.

    >>> is_plain("토지"), is_plain(7), is_plain(True), is_plain(["토지"]), is_plain(float("inf"))
    (True, True, False, False, False)
    """
    if isinstance(value, bool | bytes | Mapping):
        return False
    if isinstance(value, Real):
        return not math.isinf(value)
    return isinstance(value, str) or not isinstance(value, Iterable)


def describe_misfit(name: str, value: Any) -> str:
    """Say what stands in a field in which text was wanted.

    >>> describe_misfit("label", ["per:title"])
    "label is ['per:title'], wanted text"
    """
    return f"{name} is {shorten(repr(value))}, wanted text"


def find_misfits(fields: Mapping[str, Any]) -> str | None:
    """Say which fields hold what cannot be meant as text; None where all can.

    Args:
        fields: Values by the names of their fields.
    """
    found = [describe_misfit(name, value) for name, value in fields.items() if not is_plain(value)]
    return "; ".join(found) or None


def read_number_or_name(value: Any) -> str | int | None:
    """Return a whole number as one, other text as it is, and None for a missing value or a misfit.

    >>> read_number_or_name("17"), read_number_or_name("per:spouse"), read_number_or_name(" ")
    (17, 'per:spouse', None)
    >>> read_number_or_name(True) is None
    True
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = read_text(value)
    if text and _WHOLE_NUMBER.fullmatch(text):
        return int(text.removesuffix(".0"))
    return text


def read_name(value: Any) -> str | None:
    """Return a name as text, None where it is missing or blank; text stays as it is.

    A column of whole numbers with a gap holds 1.0 for 1, which no text does.

    >>> read_name("01"), read_name("1.0"), read_name(1.0), read_name(1), read_name(" ")
    ('01', '1.0', '1', '1', None)
    """
    is_whole = isinstance(value, float) and value.is_integer()
    return read_text(int(value) if is_whole else value)


def read_text(value: Any) -> str | None:
    """Return an id or a source as text that UTF-8 can hold, None where it is missing or a misfit.

    >>> read_text(7), read_text("klue-re-v1_train_00000"), read_text("")
    ('7', 'klue-re-v1_train_00000', None)
    >>> read_text(float("nan")), read_text({"name": "wikipedia"})
    (None, None)
    """
    if is_gap(value) or not is_plain(value):
        return None
    return str(value).strip().encode(errors="backslashreplace").decode() or None


def is_gap(value: Any) -> bool:
    """Tell whether nothing is there, for which tables have NaN or NA."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def read_entity(value: Any) -> RawEntity | str | None:
    """Read an entity in KLUE's form, whose ``end_idx`` is the last character itself.

    Returns:
        The entity with an exclusive end, a problem in words, or None where there is no value.

    >>> read_entity({"word": "비틀즈", "start_idx": 24, "end_idx": 26, "type": "ORG"})
    RawEntity(word='비틀즈', start=24, end=27, type='ORG')
    >>> read_entity({"word": "비틀즈", "start_idx": "24", "end_idx": 26})
    "start_idx is '24', wanted a whole number; type is missing"
    """
    if value is None:
        return None
    if not isinstance(value, dict):
        return f"wanted word, start_idx, end_idx and type, found {shorten(repr(value))}"
    problems = [
        _field_problem(name, value.get(name), kind) for name, kind in _ENTITY_FIELDS.items()
    ]
    if found := [problem for problem in problems if problem]:
        return "; ".join(found)
    return RawEntity(value["word"], value["start_idx"], value["end_idx"] + 1, value["type"])


def _field_problem(name: str, value: Any, kind: type) -> str | None:
    if type(value) is kind:  # not isinstance: True is an int
        return None
    if value is None:
        return f"{name} is missing"
    wanted = "text" if kind is str else "a whole number"
    return f"{name} is {shorten(repr(value))}, wanted {wanted}"
