"""Changes to a sentence that keep its entities where they belong.

Every method that changes words does it through :func:`apply_edits`, so that offsets are computed
in one place.
"""

from collections.abc import Iterable
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.text.written_texts import overlap


class Edit(NamedTuple):
    """A stretch of a sentence and what takes its place.

    Attributes:
        start_char: First character to go, counted from 0.
        end_char: Place after the last one; ``start_char`` for an insertion.
        text: What comes in; empty for a deletion.
    """

    start_char: int
    end_char: int
    text: str


def apply_edits(example: Example, edits: Iterable[Edit]) -> Example:
    """Carry out changes, and move both entities along.

    What is inserted at an entity's first or last border stays outside of it. An edit of exactly an
    entity's own stretch replaces the entity; any other edit must stay out of both.

    Args:
        example: The row.
        edits: Changes in any order; they must not overlap.

    Returns:
        The changed row; label, types and weight stay.

    Raises:
        ValueError: Edits overlap, reach out of the sentence or into a part of an entity, or leave
            an entity empty.
    """
    ordered = sorted(edits)
    _require_apart(example, ordered)
    pieces, cursor = [], 0
    for edit in ordered:
        pieces += [example.sentence[cursor : edit.start_char], edit.text]
        cursor = edit.end_char
    sentence = "".join([*pieces, example.sentence[cursor:]])
    subject, object_ = (
        _move(entity, ordered, sentence) for entity in (example.subject, example.object)
    )
    return replace(example, sentence=sentence, subject=subject, object=object_)


def _require_apart(example: Example, ordered: list[Edit]) -> None:
    for edit in ordered:
        if not 0 <= edit.start_char <= edit.end_char <= len(example.sentence):
            raise ValueError(f"{edit} reaches out of a sentence of {len(example.sentence)}.")
    for former, latter in pairwise(ordered):
        if former.end_char > latter.start_char:
            raise ValueError(f"{former} and {latter} overlap.")
    for entity in example.entities:
        for edit in ordered:
            if _cuts(edit, entity):
                raise ValueError(f"{edit} changes a part of {entity}.")


def _cuts(edit: Edit, entity: Entity) -> bool:
    if _replaces(edit, entity):
        return not edit.text
    return overlap(edit, entity)


def _replaces(edit: Edit, entity: Entity) -> bool:
    return (edit.start_char, edit.end_char) == (entity.start_char, entity.end_char)


def _move(entity: Entity, ordered: list[Edit], sentence: str) -> Entity:
    replacement = next((edit for edit in ordered if _replaces(edit, entity)), None)
    others = (edit for edit in ordered if edit is not replacement)
    before = (edit for edit in others if edit.end_char <= entity.start_char)
    grown = sum(len(edit.text) - (edit.end_char - edit.start_char) for edit in before)
    start = entity.start_char + grown
    end = start + len(entity.text if replacement is None else replacement.text)
    return replace(entity, text=sentence[start:end], start_char=start, end_char=end)
