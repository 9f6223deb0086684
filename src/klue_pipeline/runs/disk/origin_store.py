"""What made each result and what it is recognised by: one small file beside it, in a hidden folder.

Files of earlier versions hold the origin alone: of their results the content is unknown.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from klue_pipeline.runs.dataset_names import parse_fold, plain_name
from klue_pipeline.runs.disk.atomic_file import write_text
from klue_pipeline.runs.disk.content import (
    Content,
    FilePrint,
    find_change,
    find_damage,
    read_content,
)

Origin = dict[str, str]

FOLDER = ".fingerprints"


@dataclass(frozen=True)
class StoredResult:
    """What is known of a result on disk.

    Attributes:
        origin: What made it.
        dataset: Which dataset it is; empty where an earlier version stored it.
        content: What it is recognised by; empty where an earlier version stored it.
    """

    origin: Origin
    dataset: str = ""
    content: Content = field(default_factory=dict)

    def find_change(self, result: Path) -> str:
        """Say how a result differs from what was saved there; nothing where it does not."""
        part = parse_fold(self.dataset)
        if part is not None and f"fold_{part.fold}" not in result.parts:
            return f"it is that of fold {part.fold}"
        return find_change(result, self.content) if self.content else find_damage(result)


class OriginStore:
    """What is known of results, beside them on disk."""

    def read(self, result: Path) -> Origin | None:
        """Return the stored origin of a result, or None if there is none that can be read."""
        stored = self.read_stored(result)
        return None if stored is None else stored.origin

    def read_stored(self, result: Path) -> StoredResult | None:
        """Return all that is known of a result, or None if there is nothing that can be read."""
        try:
            found = json.loads(self._path_of(result).read_text(encoding="utf-8"))
            return _parse(found)
        except (OSError, ValueError, TypeError, AttributeError):
            return None

    def write(self, result: Path, origin: Origin, dataset: str = "") -> None:
        """Store what made a result that was just saved, and what it is recognised by."""
        found = {
            "origin": origin,
            "dataset": plain_name(dataset),
            "content": {name: list(mark) for name, mark in read_content(result).items()},
        }
        text = json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
        write_text(self._path_of(result), text)

    def remove(self, result: Path) -> None:
        """Forget a result that is about to change."""
        self._path_of(result).unlink(missing_ok=True)

    def find_change(self, result: Path) -> str:
        """Say how a result differs from what was saved there; nothing where that is not known."""
        stored = self.read_stored(result)
        change = "" if stored is None else stored.find_change(result)
        # Another run may have saved it anew between the two looks.
        return change if change and stored == self.read_stored(result) else ""

    @staticmethod
    def _path_of(result: Path) -> Path:
        return result.parent / FOLDER / f"{result.name}.json"


def _parse(found: dict[str, Any]) -> StoredResult:
    origin = found.get("origin")
    if not isinstance(origin, dict):  # no setting is called so
        return StoredResult({name: str(value) for name, value in found.items()})
    content = {name: FilePrint(*mark) for name, mark in found["content"].items()}
    return StoredResult(origin, found["dataset"], content)
