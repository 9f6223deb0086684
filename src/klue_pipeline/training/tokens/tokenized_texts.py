"""Texts that are partly special tokens -> token ids with their places.

The stretches between special tokens go through the tokenizer as text, whatever they spell, and the
special tokens' ids are put between them. A text without special tokens gives exactly what the
tokenizer makes of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.text.written_texts import MASK_TEXT, SpecialToken, WrittenText, cut_pieces
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


def special_token_id(tokenizer: Tokenizer, token: str) -> int:
    """Return the id of a special token.

    Raises:
        ValueError: The tokenizer lacks it.
    """
    token_id: int | None = tokenizer.get_added_vocab().get(token)
    if token_id is None:
        raise ValueError(
            f"The tokenizer has no special token {token!r}, which the texts of the run hold; make "
            "it again with kedro run --nodes prepare_tokenizer."
        )
    return token_id


def mask_token_id(tokenizer: Tokenizer) -> int:
    """Return the id of the token that stands for a hidden word.

    Raises:
        ValueError: The tokenizer has none.
    """
    if tokenizer.mask_token_id is None:
        raise ValueError(
            "Rows that augmentation made hold masks, but the tokenizer has no mask token; leave "
            "out the methods that mask (augment.methods), or choose another encoder."
        )
    return tokenizer.mask_token_id
