"""In which order the texts of a row stand, between which special tokens, and what is left of them.

A row is one text or a pair of texts. The prefix always opens the first one; inside a text, the
tokenizer's separator stands between what belongs apart::

    sentence                                       alone
    prefix SEP prefix          |  sentence
    sentence                   |  query            query after
    prefix SEP sentence        |  query            query after
    query                      |  sentence         query before
    prefix SEP query           |  sentence         query before
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import Literal

from klue_pipeline.relation.encoding.windows import Window
from klue_pipeline.training.tokens.tokenized_texts import TokenizedPiece

Role = Literal["sentence", "companion", "special"]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some tokens of a row that are kept or shortened together.

    Attributes:
        ids: Token ids.
        role: The sentence with its markers; a companion that may be cut at its end; or special
            tokens that stay.
    """

    ids: list[int]
    role: Role


Text = list[Stretch]


@dataclass(frozen=True, slots=True)
class TokenizedInput:
    """The texts of one row in tokens: those of the prefix, the sentence, and the query if any."""

    prefix: list[list[TokenizedPiece]]
    sentence: list[TokenizedPiece]
    query: list[TokenizedPiece] | None


def lay_out(row: TokenizedInput, separator: list[int], *, query_first: bool) -> list[Text]:
    """Put the texts of a row in their order.

    Args:
        row: The texts of the row.
        separator: What stands between the parts of one text.
        query_first: Whether the query stands before the sentence.

    Returns:
        One text, or the two texts of a pair.
    """
    sentence = [Stretch([token for piece in row.sentence for token in piece.ids], "sentence")]
    query = None if row.query is None else _companions(row.query)
    prefix = [_companions(pieces) for pieces in row.prefix]
    between = Stretch(separator, "special")
    return [
        _join(parts, between) for parts in _order(prefix, sentence, query, query_first) if parts
    ]


def _order(
    prefix: list[Text], sentence: Text, query: Text | None, query_first: bool
) -> tuple[list[Text], list[Text]]:
    if query is None:
        return prefix, [sentence]
    if query_first:
        return [*prefix, query], [sentence]
    return [*prefix, sentence], [query]


def _companions(pieces: list[TokenizedPiece]) -> Text:
    return [Stretch(piece.ids, "special" if piece.is_special else "companion") for piece in pieces]


def _join(parts: list[Text], between: Stretch) -> Text:
    joined = list(parts[0])
    for part in parts[1:]:
        joined += [between, *part]
    return joined


def lengths_of(texts: list[Text], role: Role) -> list[int]:
    """Return the number of tokens of every stretch of a role, in order."""
    return [len(stretch.ids) for stretch in chain(*texts) if stretch.role == role]


def shorten(texts: list[Text], window: Window) -> list[Text]:
    """Return the texts with what the window keeps of each stretch."""
    companions = iter(window.companions)
    return [[Stretch(_kept(s, window, companions), s.role) for s in text] for text in texts]


def _kept(stretch: Stretch, window: Window, companions: Iterator[int]) -> list[int]:
    if stretch.role == "companion":
        return stretch.ids[: next(companions)]
    if stretch.role == "sentence":
        return [token for start, end in window.ranges for token in stretch.ids[start:end]]
    return stretch.ids


def find_sentence(texts: list[Text]) -> tuple[int, int]:
    """Return which text holds the sentence, and how many tokens stand before it in that text."""
    place = next(place for place, text in enumerate(texts) if lengths_of([text], "sentence"))
    before = takewhile(lambda stretch: stretch.role != "sentence", texts[place])
    return place, sum(len(stretch.ids) for stretch in before)
