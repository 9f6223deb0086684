"""One row as its file states it, before anybody judged it, and KLUE's form of an entity."""

from dataclasses import dataclass
from typing import Any

from klue_pipeline.text.shortened import shorten as shorten  # noqa: PLC0414 - its readers look here

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
