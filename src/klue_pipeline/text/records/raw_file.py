"""A raw data set: text in memory, text that is read line by line, or rows that are records."""

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TextIO

_HEAD_CHARACTERS = 65_536
_CHUNK_CHARACTERS = 1 << 20


class FormatError(ValueError):
    """A file is in no known format, or in another one than it is read as."""


@dataclass(frozen=True)
class RawFile:
    """One raw file or hub split, not yet understood.

    Attributes:
        name: The file or hub id as the user wrote it; messages name it.
        text: Content of a file without byte order mark, newlines as they are; None otherwise.
        records: Rows of a hub split, a Parquet file or a folder, each a mapping of columns; None
            otherwise. They may be read more than once.
        open_text: Opens a file that is too large to hold, without byte order mark and with newlines
            as they are; None for a file whose ``text`` is here.
    """

    name: str
    text: str | None = None
    records: Iterable[Mapping[str, Any]] | None = None
    open_text: Callable[[], TextIO] | None = None

    @property
    def is_text(self) -> bool:
        """Whether this is text, and not records."""
        return self.records is None

    def lines(self) -> Iterator[str]:
        """Yield the lines of the text with their newlines.

        Raises:
            ValueError: This has records, or is not UTF-8.
        """
        if self.open_text is None:
            yield from io.StringIO(self.require_text(), newline="")
            return
        with _explained(self.name), self.open_text() as file:
            yield from file

    def head(self) -> str:
        """Return the beginning of the text, enough to see its format; empty for records."""
        if self.open_text is None:
            return (self.text or "")[:_HEAD_CHARACTERS]
        with _explained(self.name), self.open_text() as file:
            return file.read(_HEAD_CHARACTERS)

    def chunks(self) -> Iterator[str]:
        """Yield the text piece by piece, whatever its lines; a file need not fit in memory.

        Raises:
            ValueError: This has records, or is not UTF-8.
        """
        if self.open_text is None:
            yield self.require_text()
            return
        with _explained(self.name), self.open_text() as file:
            while chunk := file.read(_CHUNK_CHARACTERS):
                yield chunk

    def require_text(self) -> str:
        """Return the whole text, for the formats that only files have.

        Raises:
            FormatError: This has records.
        """
        if self.open_text is not None:
            with _explained(self.name), self.open_text() as file:
                return file.read()
        if self.text is None:
            raise FormatError(
                f"{self.name} holds records (a hub data set or a Parquet file), where this format "
                "wants text. Set the format to auto, or to one that takes records."
            )
        return self.text


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say what to do about a file that is not UTF-8."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{name} is not UTF-8: a byte is 0x{error.object[error.start]:02x}. Save it as "
            f'"CSV UTF-8", or convert it, for example: iconv -f CP949 -t UTF-8 {name}'
        ) from error
