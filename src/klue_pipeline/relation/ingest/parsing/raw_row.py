"""One row as its file states it, whatever the format, before anybody judged it."""

from dataclasses import dataclass


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
