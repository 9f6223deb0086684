"""Rows of a table as the texts an encoder reads: prefix, marked sentence and query."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import repeat
from typing import Any, NamedTuple

import pandas as pd

from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.inputs.markers import REPRESENTATIONS, MarkedText
from klue_pipeline.relation.inputs.queries import QUERIES, write_query
from klue_pipeline.relation.settings.params import InputParams
from klue_pipeline.text.written_texts import SpecialToken, WrittenText, cut_pieces, with_masks

logger = logging.getLogger(__name__)


class _Row(NamedTuple):
    """The columns of a table that are written for the encoder."""

    row_id: Any
    sentence: Any
    subject_text: Any
    subject_start: Any
    subject_end: Any
    subject_type: Any
    object_text: Any
    object_start: Any
    object_end: Any
    object_type: Any


_COLUMNS = _Row._fields


@dataclass(frozen=True, slots=True)
class InputText:
    """What one row says to the encoder.

    Attributes:
        sentence: The sentence, marked where it can be.
        query: The text that accompanies it, or None for a row without one.
        marked: Where the entities stand in the sentence; None for a test row whose entities cannot
            be located, which goes in bare.
        has_masks: Whether ``[MASK]`` in the prefix is the mask token.
    """

    sentence: WrittenText
    query: WrittenText | None
    marked: MarkedText | None
    has_masks: bool = False

    @property
    def prefix(self) -> tuple[WrittenText, ...]:
        """The texts that stand before the sentence."""
        texts = () if self.marked is None else tuple(map(WrittenText, self.marked.prefix))
        return tuple(map(with_masks, texts)) if self.has_masks else texts


def write_inputs(sentences: pd.DataFrame, input_params: InputParams) -> list[InputText]:
    """Write every row in its representation, with its prefix and its query.

    A test row with a ``problem``, or whose entities are not where it says, becomes the bare
    sentence without a query, so that every row keeps its line. In a row that augmentation made,
    ``[MASK]`` is the mask token; in all others it is text.

    Args:
        sentences: The table ``training_sentences`` or ``test_sentences``.
        input_params: Representation, query and type words.

    Returns:
        One entry per row, in the order of the table.

    Raises:
        ValueError: A column is missing, or a row with a label is one of those that cannot be
            marked.
    """
    written = (_write(*row, input_params) for row in _rows(sentences))
    made = _are_made(sentences)
    return [
        _with_masks(entry) if is_made else entry
        for entry, is_made in zip(written, made, strict=True)
    ]


def iterate_texts(sentences: pd.DataFrame, input_params: InputParams) -> Iterator[str]:
    """Yield every text of every row without its special tokens, for a tokenizer to learn from.

    Special tokens are added to a tokenizer whole; learnt from, they would take up pieces.
    """
    for entry in write_inputs(sentences, input_params):
        for written in (*entry.prefix, entry.sentence, entry.query):
            if written is not None:
                yield from _plain_pieces(written)


def _plain_pieces(written: WrittenText) -> Iterator[str]:
    return (piece for _, piece in cut_pieces(written) if not isinstance(piece, SpecialToken))


def _are_made(sentences: pd.DataFrame) -> Iterable[bool]:
    """Tell of each row whether augmentation made it."""
    if "origin_id" not in sentences.columns:
        return repeat(False, len(sentences))
    return (sentences["origin_id"] != sentences["row_id"]).tolist()


def _with_masks(entry: InputText) -> InputText:
    return replace(
        entry,
        sentence=with_masks(entry.sentence),
        query=None if entry.query is None else with_masks(entry.query),
        has_masks=True,
    )


def _rows(sentences: pd.DataFrame) -> Iterator[tuple[Any, str | None, bool]]:
    """Yield each row's own columns, its known problem and whether it is labelled."""
    missing = [name for name in _COLUMNS if name not in sentences.columns]
    if missing:
        raise ValueError(f"The table of sentences lacks {missing}; it has {[*sentences.columns]}.")
    problems = _optional_texts(sentences, "problem")
    labels = _optional_texts(sentences, "label")
    # One class for all tables: itertuples makes one anew each time, which a single row would feel.
    columns = (sentences[name].tolist() for name in _COLUMNS)
    rows = map(_Row._make, zip(*columns, strict=True))
    for row, problem, label in zip(rows, problems, labels, strict=True):
        yield row, problem, label is not None


def _optional_texts(sentences: pd.DataFrame, column: str) -> Sequence[str | None]:
    if column not in sentences.columns:
        return [None] * len(sentences)
    return [None if pd.isna(value) else str(value) for value in sentences[column]]


def _write(row: Any, problem: str | None, labelled: bool, input_params: InputParams) -> InputText:
    problem = problem or _find_problem(row)
    if problem is None:
        return _write_marked(row, input_params)
    if labelled:
        raise ValueError(
            f"Training row {row.row_id} cannot be marked: {problem}. Correct its offsets, or let "
            "ingest reject it."
        )
    logger.debug("Row %s goes in without markers: %s", row.row_id, problem)
    bare = "" if pd.isna(row.sentence) else str(row.sentence)
    return InputText(WrittenText(bare), None, None)


def _write_marked(row: Any, input_params: InputParams) -> InputText:
    subject = Entity(
        row.subject_text, int(row.subject_start), int(row.subject_end), row.subject_type
    )
    object_ = Entity(row.object_text, int(row.object_start), int(row.object_end), row.object_type)
    words = input_params.type_words
    marked = REPRESENTATIONS[input_params.name](row.sentence, subject, object_, words)
    templates = QUERIES[input_params.language][input_params.query]
    query = write_query(templates, subject, object_, words)
    return InputText(marked.written, query, marked)


def _find_problem(row: Any) -> str | None:
    """Say why a row's entities cannot be marked, or None if they can."""
    empty = [name for name, value in zip(_COLUMNS, row, strict=True) if pd.isna(value)]
    if empty:
        return f"{', '.join(empty)} is missing"
    for role in ("subject", "object"):
        word, start, end = (getattr(row, f"{role}_{part}") for part in ("text", "start", "end"))
        found = row.sentence[max(int(start), 0) : int(end)]
        if not word or found != word or start < 0:
            return f"the {role} {word!r} is not at {start} to {end}, where {found!r} stands"
    if row.subject_start < row.object_end and row.object_start < row.subject_end:
        return "subject and object overlap"
    return None
