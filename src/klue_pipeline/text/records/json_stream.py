"""JSON of any size, member by member: a list, or an object such as ``{"0": {…}, "1": {…}}``.

Only the member that is being read is in memory, so that a dump of millions of documents need not
fit. JSON lines are read elsewhere, line by line.
"""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from klue_pipeline.text.records.json_records import DECODER

_BLANKS = re.compile(r"\s*")
_LONGEST_WORD = 16
"""An error so near to the end of what was read may be the end's fault: ``tru``, ``\\ud83d``."""
_MEMBERS = re.compile(r'\s*\{\s*("(?:[^"\\]|\\.)*"\s*:\s*\{|\}\s*$)', re.DOTALL)


def has_members(head: str) -> bool:
    """Tell whether text begins as an object of objects, or as a list.

    Args:
        head: The beginning of a file.

    >>> has_members('{"0": {"text": "토지"}'), has_members('{"text": "토지"}'), has_members(" [")
    (True, False, True)
    """
    return head.lstrip().startswith("[") or bool(_MEMBERS.match(head))


def stream_members(chunks: Iterable[str], name: str) -> Iterator[tuple[str | None, Any]]:
    """Yield the members of a list or of an object, each with its key; None in a list.

    Args:
        chunks: The text, cut anywhere.
        name: The file's name, for messages.

    Raises:
        ValueError: The text is not whole JSON, or a member is nested too deeply; naming the place.

    >>> list(stream_members(['{"0": {"te', 'xt": "토지"}}'], "x.json"))
    [('0', {'text': '토지'})]
    """
    stream = _Stream(iter(chunks), name)
    opening = stream.take("[{")
    closing = "]" if opening == "[" else "}"
    if stream.peek() == closing:
        stream.take(closing)
    else:
        yield from _members(stream, closing)
    if stream.peek():
        raise stream.error("Extra data")


def _members(stream: "_Stream", closing: str) -> Iterator[tuple[str | None, Any]]:
    separator = ","
    while separator == ",":
        key = stream.key() if closing == "}" else None
        yield key, stream.value()
        separator = stream.take("," + closing)


class _Stream:
    """A place in a text of which only what comes next is known."""

    def __init__(self, chunks: Iterator[str], name: str) -> None:
        self._chunks, self._name = chunks, name
        self._text, self._place = "", 0
        self._characters, self._lines = 0, 1  # before what is in memory

    def peek(self) -> str:
        """Return the next character that is no blank; nothing at the end."""
        while True:
            found = _BLANKS.match(self._text, self._place)
            self._place = found.end() if found else self._place
            if self._place < len(self._text) or not self._read_on():
                return self._text[self._place : self._place + 1]

    def take(self, wanted: str) -> str:
        """Pass one of the characters that may come next, and return it."""
        found = self.peek()
        if not found or found not in wanted:
            raise self.error(f"Expecting {' or '.join(wanted)}")
        self._place += 1
        return found

    def key(self) -> str:
        """Pass the key of a member and its colon."""
        if self.peek() != '"':
            raise self.error("Expecting a name in double quotes")
        key = str(self.value())
        self.take(":")
        return key

    def value(self) -> Any:
        """Pass a value and return it."""
        self.peek()
        while True:
            try:
                value, end = DECODER.raw_decode(self._text, self._place)
            except json.JSONDecodeError as error:
                located = self.error(error.msg, error.pos)
                if not (self._may_be_cut(error) and self._read_on()):
                    raise located from error
            except RecursionError as error:
                raise self.error("A member that is nested too deeply") from error
            else:
                if not (self._may_go_on(end) and self._read_on()):
                    self._place = end
                    return value

    def _may_be_cut(self, error: json.JSONDecodeError) -> bool:
        is_near = len(self._text) - error.pos <= _LONGEST_WORD
        return is_near or error.msg.startswith("Unterminated string")

    def _may_go_on(self, end: int) -> bool:
        """Tell whether a value may be a number that the next piece makes longer: ``-0`` of -0.5."""
        after = self._text[end : end + _LONGEST_WORD]
        return not after or (after[0] in ".eE" and len(after) < _LONGEST_WORD)

    def _read_on(self) -> bool:
        """Read at least as much again as is unread, so that a long value is decoded seldom."""
        self._characters += self._place
        self._lines += self._text.count("\n", 0, self._place)
        rest = self._text[self._place :]
        pieces, n_read = [rest], 0
        while n_read <= len(rest) and (chunk := next(self._chunks, "")):
            pieces.append(chunk)
            n_read += len(chunk)
        self._text, self._place = "".join(pieces), 0
        return n_read > 0

    def error(self, message: str, place: int | None = None) -> ValueError:
        """Return an error that says where in the file it is."""
        place = self._place if place is None else place
        line = self._lines + self._text.count("\n", 0, place)
        return ValueError(
            f"{self._name} is not whole JSON: {message} at line {line} (character "
            f"{self._characters + place}). Is the file cut off? Fetch it again."
        )
