"""Texts as tokens in flat arrays, each token with its place in its text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.text.blanks import blank_out_breaks, places_without_blanks
from klue_pipeline.text.written_texts import WrittenText
from klue_pipeline.training.tokenizer import Tokenizer
from klue_pipeline.training.tokens.tokenized_texts import TextTokenizer, TokenizedPiece

Integers = NDArray[np.int64]
Places = NDArray[np.int32]

_TEXTS_PER_CALL = 512
"""Tokens are Python objects only for so many texts at a time."""
_LOOSE_LETTERS = re.compile(r"[\u0300-\u036f\u1160-\u11ff]+")
"""Accents, and vowels and final consonants of Hangul, that are characters of their own."""
_BLANK_TOKENS = ("▁", "Ġ")
"""How SentencePiece and byte pairs write a blank."""


@dataclass(frozen=True)
class TextTokens:
    """The tokens of some texts, those of all texts one after the other.

    Attributes:
        ids: Token ids. Shape: (tokens of all texts,).
        start_chars: Place of the first character of each token that is no blank.
        end_chars: Place after its last character that is no blank; the same as ``start_chars`` for
            a token of blanks alone, which holds no character.
        offsets: Where each text begins in the others; the last entry is their length.
            Shape: (texts + 1,).
    """

    ids: NDArray[np.int32]
    start_chars: Places
    end_chars: Places
    offsets: Integers

    def __len__(self) -> int:
        """Return the number of texts."""
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Integers:
        """Tokens of each text. Shape: (texts,)."""
        return np.diff(self.offsets)


def tokenise_texts(
    texts: Sequence[str | WrittenText], tokenizer: Tokenizer, max_tokens: int | None = None
) -> TextTokens:
    """Take texts apart into tokens.

    Blanks in front of a word, which SentencePiece counts to its first token, belong to no token;
    what counts as a blank, such as a backslash followed by n, is said in ``text.blanks``. What
    spells a special token is text, but for the masks of a written text.

    Args:
        texts: Any texts.
        tokenizer: A fast tokenizer.
        max_tokens: How many tokens of a text are kept; None keeps all.

    Raises:
        ValueError: A written text has a mask, and the tokenizer has no token for it.
    """
    read = TextTokenizer(tokenizer)
    parts = [_NO_TOKENS, *_read_chunks(texts, read, max_tokens)]
    ids, starts, ends = (
        np.concatenate(column).astype(np.int32) for column in zip(*parts, strict=True)
    )
    # What SentencePiece puts before the first word is said to hold the word's first character.
    ends = np.where(np.isin(ids, _blank_ids(tokenizer)), starts, ends)
    lengths = [len(part[0]) for part in parts[1:]]
    return TextTokens(ids, starts, ends, np.cumsum([0, *lengths], dtype=np.int64))


def _blank_ids(tokenizer: Tokenizer) -> list[int]:
    ids = map(tokenizer.backend_tokenizer.token_to_id, _BLANK_TOKENS)
    return [token_id for token_id in ids if token_id is not None]


_Arrays = tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]]
_NO_TOKENS: _Arrays = (np.empty(0, np.int32),) * 3


def _read_chunks(
    texts: Sequence[str | WrittenText], read: TextTokenizer, max_tokens: int | None
) -> Iterator[_Arrays]:
    for first in range(0, len(texts), _TEXTS_PER_CALL):
        chunk = texts[first : first + _TEXTS_PER_CALL]
        written = [_write(text) for text in chunk]
        for text, pieces in zip(written, read.tokenize(written), strict=True):
            yield _to_arrays(text.text, pieces, max_tokens)


def _write(text: str | WrittenText) -> WrittenText:
    written = WrittenText(text) if isinstance(text, str) else text
    return replace(written, text=blank_out_breaks(written.text))


def _to_arrays(text: str, pieces: list[TokenizedPiece], max_tokens: int | None) -> _Arrays:
    if not pieces:
        return _NO_TOKENS
    ids = np.array([token for piece in pieces for token in piece.ids[:max_tokens]], np.int32)
    offsets = np.concatenate([piece.offsets[:max_tokens] for piece in pieces])
    starts, ends = _without_blanks(text, offsets[:max_tokens])
    return ids[:max_tokens], starts, _with_loose_letters(text, ends)


def _without_blanks(text: str, offsets: Integers) -> tuple[Integers, Integers]:
    """Return first places and ends of tokens, blanks around them left out."""
    starts, ends = offsets[:, 0], offsets[:, 1]
    letters = np.append(places_without_blanks(text), len(text))
    first, last = np.searchsorted(letters, starts), np.searchsorted(letters, ends) - 1
    is_blank = last < first
    return (
        np.where(is_blank, starts, letters[first]),
        np.where(is_blank, starts, letters[last] + 1),
    )


def _with_loose_letters(text: str, ends: Integers) -> Integers:
    """Move ends of tokens behind the loose letters that stand there.

    Where a normaliser composes letters, ``tokenizers`` says that a token holds the first of them.
    """
    found = [match.span() for match in _LOOSE_LETTERS.finditer(text)]
    if not found:
        return ends
    firsts, lasts = np.array(found).T
    place = np.searchsorted(firsts, ends, side="right") - 1
    return np.where((place >= 0) & (ends < lasts[place]), lasts[place], ends)
