"""Input texts -> token ids with the positions of both entities, as long as the encoder may read."""

from dataclasses import dataclass
from itertools import chain
from typing import Literal

import numpy as np

from klue_pipeline.relation.encoding.blocks import locate_block
from klue_pipeline.relation.encoding.layout import (
    Text,
    TokenizedInput,
    find_sentence,
    lay_out,
    lengths_of,
    shorten,
)
from klue_pipeline.relation.encoding.windows import Lengths, TokenBlock, Window, plan_window
from klue_pipeline.relation.inputs.input_texts import InputText
from klue_pipeline.training.tokenizer import Tokenizer
from klue_pipeline.training.tokens.frames import Frame, TokenRun, derive_frames
from klue_pipeline.training.tokens.tokenized_texts import TextTokenizer, TokenizedPiece

Span = tuple[int, int]
Blocks = tuple[TokenBlock, TokenBlock]
UNUSABLE: Span = (0, 0)
"""Where a row that could not be marked says its entities are: nowhere."""


@dataclass(frozen=True, slots=True)
class EncodedRow:
    """One row as the encoder reads it.

    Attributes:
        tokens: Token ids and segment numbers, special tokens included.
        subject: Positions of the subject's block in ``tokens``, counted from 0, end exclusive; of
            its own words in a format without markers; (0, 0) in a row that could not be marked.
        object: The same for the object.
        is_windowed: Whether tokens were left out.
    """

    tokens: TokenRun
    subject: Span
    object: Span
    is_windowed: bool


class RowEncoder:
    """Turns input texts into encoded rows, many at a time.

    Args:
        tokenizer: A fast tokenizer, with the special tokens of the input format added.
        query_position: Whether the query stands before or after the sentence.
        max_tokens: Longest row in tokens, special tokens, prefix and query included.
    """

    def __init__(
        self, tokenizer: Tokenizer, query_position: Literal["before", "after"], max_tokens: int
    ) -> None:
        self._texts = TextTokenizer(tokenizer)
        self._query_first = query_position == "before"
        self._max_tokens = max_tokens
        self._separator_id: int | None = tokenizer.sep_token_id
        self._frames = derive_frames(tokenizer)

    def encode(self, inputs: list[InputText]) -> list[EncodedRow]:
        """Encode rows; the texts of all of them go through the tokenizer in one call.

        Raises:
            ValueError: The entity markers of a row do not fit ``max_tokens``, or the tokenizer
                lacks a special token that a row needs.
        """
        return [
            self._encode_row(entry, row)
            for entry, row in zip(inputs, self._tokenize(inputs), strict=True)
        ]

    def _tokenize(self, inputs: list[InputText]) -> list[TokenizedInput]:
        written = chain.from_iterable(
            (*entry.prefix, entry.sentence, *filter(None, [entry.query])) for entry in inputs
        )
        tokenized = iter(self._texts.tokenize(written))
        return [
            TokenizedInput(
                prefix=[next(tokenized) for _ in entry.prefix],
                sentence=next(tokenized),
                query=None if entry.query is None else next(tokenized),
            )
            for entry in inputs
        ]

    def _encode_row(self, entry: InputText, row: TokenizedInput) -> EncodedRow:
        texts = lay_out(row, self._separator(row), query_first=self._query_first)
        frame = self._frames[len(texts) - 1]
        lengths = _measure(texts, frame)
        blocks = _locate_blocks(entry, row.sentence)
        window = self._plan(lengths, blocks)
        kept = shorten(texts, window)
        tokens = frame.wrap([_ids(text) for text in kept])
        subject, object_ = _positions(blocks, window, frame, kept, len(tokens.ids))
        return EncodedRow(tokens, subject, object_, len(tokens.ids) < lengths.total)

    def _separator(self, row: TokenizedInput) -> list[int]:
        if not row.prefix:
            return []
        if self._separator_id is None:
            raise ValueError(
                "The tokenizer has no separator token, but the input format puts texts before the "
                "sentence; choose an input.name without prefix, or another encoder."
            )
        return [self._separator_id]

    def _plan(self, lengths: Lengths, blocks: Blocks | None) -> Window:
        if blocks is None:
            return Window(((0, min(lengths.sentence, self._max_tokens - lengths.special)),), ())
        return plan_window(lengths, *blocks, self._max_tokens)


def _measure(texts: list[Text], frame: Frame) -> Lengths:
    return Lengths(
        sentence=sum(lengths_of(texts, "sentence")),
        companions=tuple(lengths_of(texts, "companion")),
        special=sum(lengths_of(texts, "special")) + frame.special_tokens,
    )


def _locate_blocks(entry: InputText, sentence: list[TokenizedPiece]) -> Blocks | None:
    if entry.marked is None:
        return None
    no_tokens = np.empty((0, 2), dtype=np.int64)
    offsets = np.concatenate([no_tokens, *(piece.offsets for piece in sentence)])
    text = entry.sentence.text
    return (
        locate_block(text, offsets, entry.marked.subject),
        locate_block(text, offsets, entry.marked.object),
    )


def _positions(
    blocks: Blocks | None, window: Window, frame: Frame, kept: list[Text], tokens: int
) -> tuple[Span, Span]:
    if blocks is None:
        return UNUSABLE, UNUSABLE
    place, before = find_sentence(kept)
    first = frame.offset([_ids(text) for text in kept], place) + before
    subject, object_ = (
        _within_row(
            first + window.position(block.start), first + window.position(block.end), tokens
        )
        for block in blocks
    )
    return subject, object_


def _within_row(start: int, end: int, tokens: int) -> Span:
    """Keep an entity at one token at least, even if its sentence has none (control characters)."""
    start = min(start, tokens - 1)
    return start, max(end, start + 1)


def _ids(text: Text) -> list[int]:
    return [token for stretch in text for token in stretch.ids]
