"""How the values of a row are read as text and numbers, whatever the file they come from.

Nothing is guessed: what cannot be meant as text is a misfit, which callers report.
"""

import math
import re
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import pandas as pd

from klue_pipeline.text.shortened import shorten

# A table library turns whole numbers into 100.0 once a column has a gap.
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}(\.0)?")


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


def find_broken_character(text: str) -> str | None:
    """Say where a text holds what escapes can smuggle in: NUL, or half a surrogate pair.

    UTF-8 lacks the second. None where there is neither.

    >>> find_broken_character("토지") is None
    True
    """
    if "\0" in text:
        return f"NUL at character {text.index(chr(0))} of {shorten(ascii(text))}"
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return f"half a surrogate pair at character {error.start} of {shorten(ascii(text))}"
    return None
