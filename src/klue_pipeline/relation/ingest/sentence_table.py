"""Rows -> the normalised table that every later stage works on."""

from collections.abc import Sequence

import pandas as pd

from klue_pipeline.relation.ingest.parsing.raw_row import RawEntity, RawRow
from klue_pipeline.relation.settings.params import NO_TYPE as NO_TYPE  # noqa: PLC0414 - its readers look here

_PAIR_SEPARATOR = "\t"
_PARTS = {"text": "str", "start": "int64", "end": "int64", "type": "str"}
_TYPES = {
    "row_id": "str",
    "sentence": "str",
    **{f"{role}_{part}": kind for role in ("subject", "object") for part, kind in _PARTS.items()},
    "type_pair": "str",
    "pair_key": "str",
}


def build_sentences(rows: Sequence[RawRow], labels: Sequence[str | None]) -> pd.DataFrame:
    """Write rows without problems as the normalised table, in their order.

    Args:
        rows: Rows whose id, sentence and entities are there and can be read.
        labels: The name of each row's label, None for a row without one.

    Returns:
        A table of schema ``Sentences``, or ``TestSentences`` but for its ``problem``.
    """
    table = pd.DataFrame([_line(row) for row in rows], columns=list(_TYPES))
    folds = [row.given_fold if isinstance(row.given_fold, int) else None for row in rows]
    return table.astype(_TYPES).assign(
        label=_texts(labels),
        source=_texts([row.source for row in rows]),
        given_fold=pd.array(folds, dtype="Int64"),
    )


def _texts(values: Sequence[str | None]) -> pd.Series:
    # By way of objects: pandas alone keeps None a missing text, not the word "None".
    return pd.Series(list(values), dtype="object").astype("str")


def _line(row: RawRow) -> tuple[str | int | None, ...]:
    """Return a row's cells in the order of the columns."""
    subject, object_ = row.subject, row.object
    if not isinstance(subject, RawEntity) or not isinstance(object_, RawEntity):
        raise TypeError(
            f"Found {subject!r} and {object_!r} in the places of entities; check rows before "
            "tabling them."
        )
    types = [entity.type or NO_TYPE for entity in (subject, object_)]
    return (
        row.row_id,
        row.sentence,
        *(subject.word, subject.start, subject.end, types[0]),
        *(object_.word, object_.start, object_.end, types[1]),
        ":".join(types),
        pair_key(subject.word, object_.word),
    )


def pair_key(subject_text: str, object_text: str) -> str:
    """Return one key for two surface forms, whichever of them is the subject.

    >>> pair_key("한강출판", "김하늘") == pair_key("김하늘", "한강출판")
    True
    """
    return _PAIR_SEPARATOR.join(sorted((subject_text, object_text)))
