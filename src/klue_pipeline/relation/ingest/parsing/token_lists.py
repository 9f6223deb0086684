"""Sentences that come as a list of words, as TACRED's do: joined, places counted in characters."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

_FEWEST = 2  # two entities


@dataclass(frozen=True, slots=True)
class JoinedTokens:
    """A sentence made of tokens with a blank between each two.

    Attributes:
        tokens: Words without blanks in them.
    """

    tokens: tuple[str, ...]

    @property
    def text(self) -> str:
        """The sentence."""
        return " ".join(self.tokens)

    def to_characters(self, start: int, end: int) -> tuple[int, int] | str:
        """Return the characters of the tokens from ``start`` to before ``end``, end exclusive.

        >>> JoinedTokens(("Nimbrell", "bought", "Hollowmint")).to_characters(1, 3)
        (9, 26)
        >>> JoinedTokens(("Nimbrell", "bought")).to_characters(1, 1)
        'tokens 1 to 1 (exclusive) are no part of a sentence of 2 tokens; are the ends inclusive?'
        """
        n_tokens = len(self.tokens)
        if not 0 <= start < end <= n_tokens:
            hint = "; are the ends inclusive?" if start == end else ""
            return (
                f"tokens {start} to {end} (exclusive) are no part of a sentence of {n_tokens} "
                f"tokens{hint}"
            )
        ends = list(accumulate(len(token) + 1 for token in self.tokens))
        return (ends[start - 1] if start else 0), ends[end - 1] - 1


def read_tokens(value: Any) -> JoinedTokens | Sequence[Any] | None:
    """Read a sentence that is a list, or the text of one, as tables that lists were saved in have.

    Returns:
        The tokens; the list, where its values are no words; None where there is no list.

    >>> read_tokens(["Nimbrell", "bought"]) == read_tokens("['Nimbrell', 'bought']")
    True
    >>> read_tokens("['서울=뉴시스'] 이순신은"), read_tokens(["이순신은 조선의 무신이다."])
    (None, ['이순신은 조선의 무신이다.'])
    """
    values = _literal(value) if isinstance(value, str) else value
    if not isinstance(values, list | tuple):
        return None
    are_words = all(isinstance(word, str) and word.split() == [word] for word in values)
    return JoinedTokens(tuple(values)) if are_words and len(values) >= _FEWEST else values


def _literal(text: str) -> Any:
    if not (text.startswith(("['", '["')) and text.endswith("]")):
        return None
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
