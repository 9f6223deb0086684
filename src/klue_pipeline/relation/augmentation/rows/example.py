"""One labelled row as augmentation sees it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.ingest.sentence_table import pair_key
from klue_pipeline.relation.settings.augment_params import Role
from klue_pipeline.text.written_texts import overlap

FoldKey = tuple[int, ...]
"""The folds in which a row validates, ascending. Rows with the same key are always on the same side
of a split."""


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence with two entities and a label.

    Attributes:
        row_id: The row it is, or was made from.
        sentence: The whole sentence.
        subject: The subject, at its place in the sentence.
        object: The object, at its place in the sentence.
        label: The relation.
        fold_key: The folds in which the row validates; training uses it in all others.
        weight: How much it counts in the loss.
    """

    row_id: str
    sentence: str
    subject: Entity
    object: Entity
    label: str
    fold_key: FoldKey = ()
    weight: float = 1.0

    @property
    def entities(self) -> tuple[Entity, Entity]:
        """Both entities, in the order in which they stand in the sentence."""
        both = (self.subject, self.object)
        return both if self.subject.start_char < self.object.start_char else both[::-1]

    def entity(self, role: str) -> Entity:
        """Return the ``subject`` or the ``object``."""
        return self.subject if role == "subject" else self.object

    @property
    def type_pair(self) -> str:
        """Subject type, colon, object type."""
        return f"{self.subject.type}:{self.object.type}"

    @property
    def pair_key(self) -> str:
        """The two surface forms, whichever of them is the subject."""
        return pair_key(self.subject.text, self.object.text)

    def require_words_at_spans(self) -> None:
        """Check that both entities are where they say, and apart.

        Raises:
            ValueError: They are not.
        """
        first, second = self.entities
        for entity in (first, second):
            found = self.sentence[entity.start_char : entity.end_char]
            if not entity.text or found != entity.text:
                raise ValueError(
                    f"Row made from {self.row_id}: wanted {entity.text!r} at {entity.start_char} "
                    f"to {entity.end_char}, found {found!r}."
                )
        if overlap(first, second):
            raise ValueError(f"Row made from {self.row_id}: {first} and {second} overlap.")


def read_examples(sentences: pd.DataFrame, fold_members: pd.DataFrame) -> list[Example]:
    """Read the rows of a table.

    Args:
        sentences: Labelled rows; schema ``Sentences``.
        fold_members: Validation rows of every fold; schema ``FoldMembers``.

    Returns:
        One example per row, in order.
    """
    by_row = fold_members.groupby("row_id", sort=False)["fold"]
    fold_keys = {row_id: tuple(sorted(folds)) for row_id, folds in by_row.agg(list).items()}
    rows: Iterator[Any] = sentences.itertuples(index=False)
    return [
        Example(
            row_id=row.row_id,
            sentence=row.sentence,
            subject=_read_entity(row, "subject"),
            object=_read_entity(row, "object"),
            label=row.label,
            fold_key=fold_keys.get(row.row_id, ()),
        )
        for row in rows
    ]


def _read_entity(row: Any, role: str) -> Entity:
    parts = ("text", "start", "end", "type")
    text, start, end, name = (getattr(row, f"{role}_{part}") for part in parts)
    return Entity(text, int(start), int(end), name)


def draw_role(role: Role, generator: np.random.Generator) -> str:
    """Return ``subject`` or ``object``, as a setting says; ``either`` draws one of them."""
    meant = ("subject", "object") if role == "either" else (role,)
    return meant[generator.integers(len(meant))]
