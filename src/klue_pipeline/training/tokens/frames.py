"""Which special tokens a tokenizer puts around one text, or around and between two."""

from dataclasses import dataclass

from klue_pipeline.training.tokenizer import Tokenizer

_SAMPLE_A, _SAMPLE_B = "가", "나"


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
