"""Pairs of a question and a passage as windows of tokens, each token with its place in the text."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Windows:
    """What a reader takes of some pairs of a question and a passage, in the order of the pairs.

    A passage that is too long for one window has several, which share ``reader.stride`` tokens. The
    tokens of all windows lie one after the other in flat arrays.

    Attributes:
        pairs: Which pair each window is of, counted from 0. Shape: (windows,).
        offsets: Where each window begins in the flat arrays; the last entry is their length.
            Shape: (windows + 1,).
        input_ids: Token ids. Shape: (tokens of all windows,).
        token_type_ids: Segment numbers in the same order; None where the tokenizer makes none.
        start_chars: Place of the token's first character in the passage, 0 for a token that is not
            of the passage. Shape: (tokens of all windows,).
        end_chars: Place after its last character.
        passage_starts: Place of the first token of the passage, counted in its window.
            Shape: (windows,).
        passage_ends: Place after the last one. Nothing before or behind can be of an answer.
        owned_starts: First token of the passage that this window owns: of several windows with a
            token, the one where it has most context on both sides owns it, and an answer that
            begins with it is read there alone. Counted in the window. Shape: (windows,).
        owned_ends: Place after the last one.
    """

    pairs: Integers
    offsets: Integers
    input_ids: NDArray[np.int32]
    token_type_ids: NDArray[np.int8] | None
    start_chars: NDArray[np.int32]
    end_chars: NDArray[np.int32]
    passage_starts: Integers
    passage_ends: Integers
    owned_starts: Integers
    owned_ends: Integers

    def __len__(self) -> int:
        """Return the number of windows."""
        return len(self.pairs)
