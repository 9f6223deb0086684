"""What was fetched and sent: by address, what the bucket and the local file were like then."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from klue_pipeline.runs.disk.atomic_file import write_text
from klue_pipeline.runs.disk.mirror.address import notes_folder
from klue_pipeline.runs.disk.mutex import one_at_a_time

SENDING = "sending"
"""The token of a file that is on its way: a killed process does not know whether it arrived."""


class LocalState(NamedTuple):
    """What a local file is recognised by."""

    size: int
    """In bytes."""
    written_ns: int


class Note(NamedTuple):
    """One file at the moment when both sides were the same."""

    token: str
    """What the store says of it."""
    local: LocalState


class Notes:
    """The notes of a bucket; several processes may add to them.

    Args:
        path: Any path in the local copy of the bucket.
    """

    def __init__(self, path: Path) -> None:
        self._folder = notes_folder(path)
        self._file = self._folder / "notes.json"

    def read(self) -> dict[str, Note]:
        """Return all notes by address; torn ones count as none, and all is fetched again."""
        try:
            found = json.loads(self._file.read_text(encoding="utf-8"))
            return {name: Note(token, LocalState(*local)) for name, (token, local) in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def update(self, changes: Mapping[str, Note | None]) -> None:
        """Write notes down, and forget those that are None."""
        if not changes:
            return
        with one_at_a_time(self._folder):
            notes = {**self.read(), **changes}
            kept = {name: note for name, note in sorted(notes.items()) if note is not None}
            write_text(self._file, json.dumps(kept, ensure_ascii=False, indent=0))


def local_state(path: Path) -> LocalState | None:
    """Return what a file is recognised by; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return LocalState(status.st_size, status.st_mtime_ns)
