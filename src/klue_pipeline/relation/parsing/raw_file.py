"""A raw data set in memory: the text of a file, or the rows of a hub split."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RawFile:
    """One raw file or hub split, not yet understood.

    Attributes:
        name: The file or hub id as the user wrote it; messages name it.
        text: Content of a file without byte order mark, newlines as they are; None for a hub split.
        records: Rows of a hub split, each a mapping of columns; None for a file.
    """

    name: str
    text: str | None = None
    records: Sequence[Mapping[str, Any]] | None = None

    def require_text(self) -> str:
        """Return the text, for the formats that only files have.

        Raises:
            ValueError: This is a hub split.
        """
        if self.text is None:
            raise ValueError(
                f"{self.name} is a hub data set, which only the format klue describes; "
                "set ingest.format to klue or auto."
            )
        return self.text
