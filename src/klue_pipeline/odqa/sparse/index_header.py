"""What an index of passages says of itself: which passages, taken apart by which tokenizer."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

from klue_pipeline.odqa.tokens.passage_tokens import PassageTokens, TokensOrigin
from klue_pipeline.odqa.tokens.token_columns import TokenColumn

_FILE = "header.json"


@dataclass(frozen=True)
class IndexHeader:
    """Which passages an index holds.

    Attributes:
        origin: What their tokens were made of.
        passage_ids: In the order of the passages, in which equal scores are ranked.
        folder: Where the index was opened; None for one that was just made.
    """

    origin: TokensOrigin
    passage_ids: list[str]
    folder: Path | None = field(default=None, compare=False)

    def save(self, folder: Path) -> None:
        """Write it."""
        content = {"origin": asdict(self.origin), "passage_ids": self.passage_ids}
        (folder / _FILE).write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read it."""
        content: dict[str, Any] = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return cls(TokensOrigin(**content["origin"]), content["passage_ids"], folder)


def header_for(tokens: PassageTokens, searched: TokenColumn) -> IndexHeader:
    """Return the header of an index.

    Args:
        tokens: Of all passages.
        searched: Those that the index is made of.

    Raises:
        ValueError: There are none.
    """
    if not len(searched.token_ids):
        raise ValueError(
            f"None of {len(searched)} passages has a token by {tokens.origin.name}; look whether "
            "these are the texts that you mean, or choose another tokenizer."
        )
    return IndexHeader(tokens.origin, tokens.passage_ids)
