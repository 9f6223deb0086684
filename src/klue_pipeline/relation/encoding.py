"""Input texts -> token ids with the positions of both entities, as long as the encoder may read."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from klue_pipeline.relation.blocks import locate_block
from klue_pipeline.relation.frames import Frame, TokenRun, derive_frames
from klue_pipeline.relation.inputs import InputText
from klue_pipeline.relation.tokenizer import Tokenizer
from klue_pipeline.relation.windows import Lengths, TokenBlock, Window, plan_window

Span = tuple[int, int]
_BARE: Span = (0, 1)
"""Where a row without markers says its entities are: the first token."""


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """One row as the encoder reads it.

    Attributes:
        tokens: Token ids and segment numbers, special tokens included.
        subject: Positions of the subject's block in ``tokens``, counted from 0, end exclusive.
        object: The same for the object.
        is_windowed: Whether tokens were left out.
    """

    tokens: TokenRun
    subject: Span
    object: Span
    is_windowed: bool


@dataclass(frozen=True, slots=True)
class _TokenizedText:
    """The token ids of a row's texts, without special tokens, and its blocks among them."""

    ids: list[int]
    query_ids: list[int] | None
    blocks: tuple[TokenBlock, TokenBlock] | None


class RowEncoder:
    """Turns input texts into encoded rows, many at a time.

    Args:
        tokenizer: A fast tokenizer.
        query_position: Whether the query is the first or the second text of its pair.
        max_tokens: Longest row in tokens, special tokens and query included.
    """

    def __init__(
        self, tokenizer: Tokenizer, query_position: Literal["before", "after"], max_tokens: int
    ) -> None:
        self._tokenizer = tokenizer
        self._query_first = query_position == "before"
        self._max_tokens = max_tokens
        self._normalizer = tokenizer.backend_tokenizer.normalizer
        self._single_frame, self._pair_frame = derive_frames(tokenizer)

    def encode(self, inputs: list[InputText]) -> list[EncodedRow]:
        """Encode rows; one call of the tokenizer for all sentences and one for all queries.

        Raises:
            ValueError: The entity markers of a row do not fit ``max_tokens``.
        """
        return [self._encode_row(row) for row in self._tokenize(inputs)]

    def _tokenize(self, inputs: list[InputText]) -> list[_TokenizedText]:
        dropped = [self._count_dropped(entry.text) for entry in inputs]
        texts = [entry.text[count:] for entry, count in zip(inputs, dropped, strict=True)]
        encoded = self._call(texts, with_offsets=True)
        asked = [entry.query for entry in inputs if entry.query is not None]
        query_ids = iter(self._call(asked)["input_ids"] if asked else [])
        return [
            _TokenizedText(
                ids=ids,
                query_ids=None if entry.query is None else next(query_ids),
                blocks=_locate_blocks(entry, offsets, count),
            )
            for entry, ids, offsets, count in zip(
                inputs, encoded["input_ids"], encoded["offset_mapping"], dropped, strict=True
            )
        ]

    def _count_dropped(self, text: str) -> int:
        """Count the leading characters that the tokenizer drops, such as control characters.

        ``tokenizers`` cannot book what its Precompiled normalizer (that of SentencePiece models)
        removes before the first character it keeps, and shifts all offsets by as much. The tokens
        are the same without these characters.
        """
        if self._normalizer is None:
            return 0
        normalize = self._normalizer.normalize_str
        return next((place for place, char in enumerate(text) if normalize(char)), len(text))

    def _call(self, texts: list[str], *, with_offsets: bool = False) -> dict[str, Any]:
        encoded: dict[str, Any] = self._tokenizer(
            texts,
            add_special_tokens=False,
            return_offsets_mapping=with_offsets,
            return_token_type_ids=False,
            return_attention_mask=False,
            split_special_tokens=True,  # "[SEP]" in a sentence is text
            verbose=False,  # windows, not truncation, deal with long texts
        )
        return encoded

    def _encode_row(self, row: _TokenizedText) -> EncodedRow:
        frame = self._single_frame if row.query_ids is None else self._pair_frame
        window = self._plan(row, frame.special_tokens)
        ids = [token for start, end in window.ranges for token in row.ids[start:end]]
        texts, place = self._in_order(ids, row.query_ids, window)
        tokens = frame.wrap(texts)
        subject, object_ = _positions(row, window, frame, texts, place)
        whole = len(row.ids) + len(row.query_ids or []) + frame.special_tokens
        return EncodedRow(tokens, subject, object_, len(tokens.ids) < whole)

    def _plan(self, row: _TokenizedText, special_tokens: int) -> Window:
        lengths = Lengths(len(row.ids), len(row.query_ids or []), special_tokens)
        if row.blocks is None:
            return Window(((0, min(lengths.sentence, self._max_tokens - special_tokens)),), 0)
        return plan_window(lengths, *row.blocks, self._max_tokens)

    def _in_order(
        self, ids: list[int], query_ids: list[int] | None, window: Window
    ) -> tuple[list[list[int]], int]:
        """Return the texts in the order of the pair, and the sentence's place among them."""
        if query_ids is None:
            return [ids], 0
        query = query_ids[: window.query_tokens]
        return ([query, ids], 1) if self._query_first else ([ids, query], 0)


def _locate_blocks(
    entry: InputText, offsets: list[tuple[int, int]], first_char: int
) -> tuple[TokenBlock, TokenBlock] | None:
    if entry.marked is None:
        return None
    table = np.array(offsets, dtype=np.int64).reshape(-1, 2) + first_char
    return (
        locate_block(entry.text, table, entry.marked.subject),
        locate_block(entry.text, table, entry.marked.object),
    )


def _positions(
    row: _TokenizedText, window: Window, frame: Frame, texts: list[list[int]], place: int
) -> tuple[Span, Span]:
    if row.blocks is None:
        return _BARE, _BARE
    offset = frame.offset(texts, place)
    subject, object_ = (
        (offset + window.position(block.start), offset + window.position(block.end))
        for block in row.blocks
    )
    return subject, object_
