"""Where a marked entity lies among the tokens of its text, read off character offsets."""

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.markers import MarkedEntity
from klue_pipeline.relation.windows import TokenBlock


def locate_block(text: str, offsets: NDArray[np.int64], entity: MarkedEntity) -> TokenBlock:
    """Find the tokens of an entity's markers and of its words.

    The block starts with the first token that holds the opening marker's first character and ends
    after the last token that holds the closing marker's last character. SentencePiece counts the
    blank before a word to the word's token, and a piece may hold a marker together with text
    beside it; such a token belongs to the marker.

    Args:
        text: The marked text.
        offsets: First character of each token and the place after its last. Shape: (tokens, 2).
        entity: Where the entity stands in ``text``, in characters.

    Returns:
        Token indices, counted from 0 in the text without special tokens.

    Raises:
        ValueError: No token holds a marker, so the tokenizer drops its characters.
    """
    block, word = entity.block, entity.word
    opening = text[block.start_char : word.start_char].rstrip()
    closing = text[word.end_char : block.end_char].lstrip()
    start = _first_ending_after(offsets, block.start_char)
    end = _count_starting_before(offsets, block.end_char)
    _require_held(text, offsets, start, block.start_char)
    _require_held(text, offsets, end - 1, block.end_char - 1)
    word_start = _count_starting_before(offsets, block.start_char + len(opening))
    word_end = _first_ending_after(offsets, block.end_char - len(closing))
    return TokenBlock(start, word_start, max(word_start, word_end), end)


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
