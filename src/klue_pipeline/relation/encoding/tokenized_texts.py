"""Texts that are partly special tokens -> token ids, and where marked entities lie among them.

The stretches between special tokens go through the tokenizer as text, whatever they spell, and the
special tokens' ids are put between them. A text without special tokens gives exactly what the
tokenizer makes of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.encoding.windows import TokenBlock
from klue_pipeline.relation.inputs.markers import MarkedEntity
from klue_pipeline.relation.inputs.special_tokens import mask_token_id, special_token_id
from klue_pipeline.text.written_texts import (
    MASK_TEXT,
    CharSpan,
    SpecialToken,
    WrittenText,
    cut_pieces,
)
from klue_pipeline.training.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class TokenizedPiece:
    """A stretch of a text in tokens.

    Attributes:
        ids: Token ids.
        offsets: First character of each token in the whole text, and the place after its last.
            Shape: (tokens, 2).
        is_special: Whether it is one special token, which has to stay.
    """

    ids: list[int]
    offsets: NDArray[np.int64]
    is_special: bool


class TextTokenizer:
    """Turns written texts into tokens, many at a time.

    Args:
        tokenizer: A fast tokenizer, with the special tokens of the texts added.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._normalizer = tokenizer.backend_tokenizer.normalizer
        self._special_ids: dict[str, int] = {}

    def tokenize(self, texts: Iterable[WrittenText]) -> list[list[TokenizedPiece]]:
        """Tokenise texts in one call of the tokenizer.

        Returns:
            The pieces of each text, in order; none for an empty text.

        Raises:
            ValueError: The tokenizer lacks a special token.
        """
        cut = [list(cut_pieces(written)) for written in texts]
        plain = [
            (start, piece)
            for pieces in cut
            for start, piece in pieces
            if not isinstance(piece, SpecialToken)
        ]
        tokenized = iter(self._tokenize_plain(plain))
        return [
            [
                self._look_up(start, piece) if isinstance(piece, SpecialToken) else next(tokenized)
                for start, piece in pieces
            ]
            for pieces in cut
        ]

    def _look_up(self, start: int, token: SpecialToken) -> TokenizedPiece:
        if token not in self._special_ids:
            is_mask = token == MASK_TEXT
            self._special_ids[token] = (
                mask_token_id(self._tokenizer)
                if is_mask
                else special_token_id(self._tokenizer, token)
            )
        offsets = np.array([[start, start + len(token)]], dtype=np.int64)
        return TokenizedPiece([self._special_ids[token]], offsets, is_special=True)

    def _tokenize_plain(self, pieces: list[tuple[int, str]]) -> list[TokenizedPiece]:
        if not pieces:
            return []
        dropped = [self._count_dropped(piece) for _, piece in pieces]
        kept = [piece[count:] for (_, piece), count in zip(pieces, dropped, strict=True)]
        encoded = self._call(kept)
        firsts = [start + count for (start, _), count in zip(pieces, dropped, strict=True)]
        return [
            TokenizedPiece(ids, _table(offsets) + first, is_special=False)
            for ids, offsets, first in zip(
                encoded["input_ids"], encoded["offset_mapping"], firsts, strict=True
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

    def _call(self, texts: list[str]) -> dict[str, Any]:
        encoded: dict[str, Any] = self._tokenizer(
            texts,
            add_special_tokens=False,
            return_offsets_mapping=True,
            return_token_type_ids=False,
            return_attention_mask=False,
            split_special_tokens=True,  # "[SEP]" in a sentence is text
            verbose=False,  # windows, not truncation, deal with long texts
        )
        return encoded


def _table(offsets: list[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(offsets, dtype=np.int64).reshape(-1, 2)


def locate_block(text: str, offsets: NDArray[np.int64], entity: MarkedEntity) -> TokenBlock:
    """Find the tokens of an entity's markers and of its words.

    The block starts with the first token that holds the opening marker's first character and ends
    after the last token that holds the closing marker's last character. SentencePiece counts the
    blank before a word to the word's token, and a piece may hold a marker together with text
    beside it; such a token belongs to the marker.

    An entity without markers is a block of its own words' tokens. If the tokenizer drops all of
    them (control characters), the next token stands for them, or the last one. The first of its
    tokens takes the place of a marker: no window leaves it out.

    Args:
        text: The marked text.
        offsets: First character of each token and the place after its last. Shape: (tokens, 2).
        entity: Where the entity stands in ``text``, in characters.

    Returns:
        Token indices, counted from 0 in the text without the special tokens around it.

    Raises:
        ValueError: No token holds a marker, so the tokenizer drops its characters.
    """
    if entity.block == entity.word:
        return _locate_word(offsets, entity.word)
    block, word = entity.block, entity.word
    opening = text[block.start_char : word.start_char].rstrip()
    closing = text[word.end_char : block.end_char].lstrip()
    start = _first_ending_after(offsets, block.start_char)
    end = _count_starting_before(offsets, block.end_char)
    _require_held(text, offsets, start, block.start_char)
    _require_held(text, offsets, end - 1, block.end_char - 1)
    word_start = _count_starting_before(offsets, block.start_char + len(opening))
    word_end = _first_ending_after(offsets, block.end_char - len(closing)) if closing else end
    return TokenBlock(start, word_start, max(word_start, word_end), end)


def _locate_word(offsets: NDArray[np.int64], word: CharSpan) -> TokenBlock:
    """Return the block of an entity that has no markers; it is empty only if there is no token."""
    starts, ends = offsets[:, 0], offsets[:, 1]
    held = np.flatnonzero((starts < word.end_char) & (ends > word.start_char))
    following = np.flatnonzero(ends > word.start_char)[:1]
    last = np.arange(len(offsets))[-1:]
    for tokens in (held, following, last):
        if len(tokens):
            start, end = int(tokens[0]), int(tokens[-1]) + 1
            return TokenBlock(start, start + 1, end, end)
    return TokenBlock(0, 0, 0, 0)


def _first_ending_after(offsets: NDArray[np.int64], char: int) -> int:
    """Return the first token that holds a character at or after ``char``."""
    return int(np.argmax(offsets[:, 1] > char))


def _count_starting_before(offsets: NDArray[np.int64], char: int) -> int:
    """Return the place after the last token that starts before ``char``."""
    return len(offsets) - int(np.argmax(offsets[::-1, 0] < char))


def _require_held(text: str, offsets: NDArray[np.int64], token: int, char: int) -> None:
    start, end = offsets[token]
    if not start <= char < end:
        raise ValueError(
            f"No token holds the marker {text[char]!r} at character {char} of {text[:80]!r}; "
            "choose an encoder whose vocabulary has it, or another input.name."
        )
