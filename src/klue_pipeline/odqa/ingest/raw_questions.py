"""Raw questions: one file or hub split, or the parts of a folder that ``save_to_disk`` wrote."""

from collections.abc import Mapping
from dataclasses import dataclass

from klue_pipeline.text.records.raw_file import FormatError, RawFile


@dataclass(frozen=True)
class RawQuestions:
    """A source of questions, not yet understood.

    Attributes:
        name: The file, folder or hub id as the user wrote it; messages name it.
        parts: Its parts by their names; a file or a single part has the empty name.
    """

    name: str
    parts: Mapping[str, RawFile]

    def pick(self, *wanted: str) -> RawFile:
        """Return the first of the wanted parts that is there, or the only part.

        Raises:
            FormatError: There are several parts, and none is wanted.
        """
        names = [name for name in wanted if name in self.parts]
        if not names and len(self.parts) == 1:
            names = list(self.parts)
        if not names:
            found = ", ".join(self.parts) or "none"
            raise FormatError(
                f"{self.name} has the parts {found}; wanted {' or '.join(wanted)}. Give the folder "
                f"of one part, such as {self.name}/{next(iter(self.parts), wanted[0])}."
            )
        return self.parts[names[0]]
