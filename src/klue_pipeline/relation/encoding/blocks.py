"""Where marked entities lie among the tokens of their sentence."""

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.relation.encoding.windows import TokenBlock
from klue_pipeline.relation.inputs.markers import MarkedEntity
from klue_pipeline.text.written_texts import CharSpan


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
