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

from klue_pipeline.relation.encoding.tokenized_texts import TokenizedPiece
from klue_pipeline.relation.encoding.windows import Window
from klue_pipeline.training.tokenizer import Tokenizer

Role = Literal["sentence", "companion", "special"]
_SAMPLE_A, _SAMPLE_B = "가", "나"


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


@dataclass(frozen=True, slots=True)
class TokenRun:
    """Tokens with their segment numbers, both of the same length."""

    ids: list[int]
    types: list[int]

    def __add__(self, other: "TokenRun") -> "TokenRun":
        """Return both, one after the other."""
        return TokenRun(self.ids + other.ids, self.types + other.types)


@dataclass(frozen=True, slots=True)
class Frame:
    """Special tokens before, between and after texts.

    Attributes:
        specials: One run of special tokens before each text, and one after the last; may be empty.
        text_types: The segment number of each text's tokens.
    """

    specials: tuple[TokenRun, ...]
    text_types: tuple[int, ...]

    @property
    def special_tokens(self) -> int:
        """Number of special tokens in a row."""
        return sum(len(run.ids) for run in self.specials)

    def wrap(self, texts: list[list[int]]) -> TokenRun:
        """Put the special tokens around the token ids of as many texts as the frame is for."""
        row = self.specials[0]
        for ids, text_type, after in zip(texts, self.text_types, self.specials[1:], strict=True):
            row = row + TokenRun(ids, [text_type] * len(ids)) + after
        return row

    def offset(self, texts: list[list[int]], place: int) -> int:
        """Return the position in the wrapped row of the first token of text number ``place``."""
        before = sum(len(ids) for ids in texts[:place])
        return before + sum(len(run.ids) for run in self.specials[: place + 1])


def derive_frames(tokenizer: Tokenizer) -> tuple[Frame, Frame]:
    """Read a tokenizer's frames for one text and for a pair off two encoded samples.

    Looking at the outcome works for every tokenizer; the methods that used to tell
    (``build_inputs_with_special_tokens`` and its like) are gone from fast ones.

    Raises:
        ValueError: The tokenizer mixes the texts of a pair or turns them round.
    """
    return _derive(tokenizer, [_SAMPLE_A]), _derive(tokenizer, [_SAMPLE_A, _SAMPLE_B])


def _derive(tokenizer: Tokenizer, samples: list[str]) -> Frame:
    encoded = tokenizer(*samples, return_token_type_ids=True)
    origins: list[int | None] = encoded.sequence_ids(0)
    ids, types = encoded["input_ids"], encoded["token_type_ids"]
    cuts = [0]
    for place in range(len(samples)):
        found = [index for index, origin in enumerate(origins) if origin == place]
        if not found or found[0] < cuts[-1] or len(found) != found[-1] + 1 - found[0]:
            raise ValueError(
                f"The tokenizer encodes the texts {samples} with origins {origins}; every text in "
                "one piece and in this order was wanted. Choose another encoder."
            )
        cuts += [found[0], found[-1] + 1]
    cuts.append(len(ids))
    spans = list(zip(cuts[::2], cuts[1::2], strict=True))
    return Frame(
        specials=tuple(TokenRun(ids[start:end], types[start:end]) for start, end in spans),
        text_types=tuple(types[start] for start in cuts[1:-1:2]),
    )
