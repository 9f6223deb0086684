"""Values of people's files in messages: short, however long they are, and in one line."""

from collections.abc import Collection
from itertools import islice

_SHOWN_CHARACTERS = 60
_SHOWN_VALUES = 10


def shorten(text: str, most: int = _SHOWN_CHARACTERS) -> str:
    """Return at most ``most`` characters of ``text``, for messages.

    >>> shorten("가" * 100) == "가" * 59 + "…"
    True
    """
    return text if len(text) <= most else text[: most - 1] + "…"


def list_shortly(values: Collection[object], most: int = _SHOWN_VALUES) -> str:
    """List values in a message: the first few of them, each shortened.

    >>> list_shortly(["가", "나" * 100, "다"], most=2) == "가, " + "나" * 59 + "… and 1 more"
    True
    >>> list_shortly([])
    'none'
    """
    shown = ", ".join(shorten(str(value)) for value in islice(values, most))
    more = f" and {len(values) - most} more" if len(values) > most else ""
    return f"{shown}{more}" or "none"
