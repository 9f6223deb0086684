"""Rows -> the normalised table that every later stage works on."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.relation.settings.params import NO_TYPE as NO_TYPE  # noqa: PLC0414 - its readers look here

_PAIR_SEPARATOR = "\t"


def build_sentences(rows: Sequence[RawRow], labels: Sequence[str | None]) -> pd.DataFrame:
    """Write rows without problems as the normalised table, in their order.

    Args:
        rows: Rows whose id, sentence and entities are there and can be read.
        labels: The name of each row's label, None for a row without one.

    Returns:
        A table of schema ``Sentences``, or ``TestSentences`` but for its ``problem``.
    """
    table = pd.DataFrame({name: [value(row) for row in rows] for name, value in _COLUMNS.items()})
    folds = [row.given_fold if isinstance(row.given_fold, int) else None for row in rows]
    return table.astype(_TYPES).assign(
        label=_texts(labels),
        source=_texts([row.source for row in rows]),
        given_fold=pd.array(folds, dtype="Int64"),
    )


def _texts(values: Sequence[str | None]) -> pd.Series:
    # By way of objects: pandas alone keeps None a missing text, not the word "None".
    return pd.Series(list(values), dtype="object").astype("str")


def _entity(entity: RawEntity | str | None) -> RawEntity:
    if isinstance(entity, RawEntity):
        return entity
    raise TypeError(f"Found {entity!r} in the place of an entity; check rows before tabling them.")


def _type(entity: RawEntity | str | None) -> str:
    return _entity(entity).type or NO_TYPE


def _type_pair(row: RawRow) -> str:
    return f"{_type(row.subject)}:{_type(row.object)}"


def _pair_key(row: RawRow) -> str:
    return pair_key(_entity(row.subject).word, _entity(row.object).word)


def pair_key(subject_text: str, object_text: str) -> str:
    """Return one key for two surface forms, whichever of them is the subject.

    >>> pair_key("한강출판", "김하늘") == pair_key("김하늘", "한강출판")
    True
    """
    return _PAIR_SEPARATOR.join(sorted((subject_text, object_text)))


_COLUMNS: dict[str, Any] = {
    "row_id": lambda row: row.row_id,
    "sentence": lambda row: row.sentence,
    "subject_text": lambda row: _entity(row.subject).word,
    "subject_start": lambda row: _entity(row.subject).start,
    "subject_end": lambda row: _entity(row.subject).end,
    "subject_type": lambda row: _type(row.subject),
    "object_text": lambda row: _entity(row.object).word,
    "object_start": lambda row: _entity(row.object).start,
    "object_end": lambda row: _entity(row.object).end,
    "object_type": lambda row: _type(row.object),
    "type_pair": _type_pair,
    "pair_key": _pair_key,
}
_TYPES = {name: "int64" if name.endswith(("_start", "_end")) else "str" for name in _COLUMNS}
