"""The local side: what lies in a folder, fetched files in their places, files that go."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from klue_pipeline.runs.disk.atomic_file import place_beside, remove_leftovers
from klue_pipeline.runs.disk.mirror.notes import LocalState, local_state
from klue_pipeline.runs.disk.origin_store import FOLDER


def list_local(folder: Path, below: str = "") -> dict[str, LocalState]:
    """Return the files of a folder, but for scratch, caches and half-written ones."""
    start = folder / below
    paths = [start] if start.is_file() else start.rglob("*") if start.is_dir() else []
    found: dict[str, LocalState] = {}
    for path in paths:
        name = path.relative_to(folder)
        within = path.relative_to(start).parts
        if any(part.startswith(".") and part != FOLDER for part in within) or not path.is_file():
            continue
        if (state := local_state(path)) is not None:
            found[name.as_posix()] = state
    return found


@contextmanager
def places_for(folder: Path, names: Iterable[str]) -> Iterator[Mapping[str, Path]]:
    """Give out a hidden place for each file, and put all of them where they belong afterwards."""
    partials: dict[str, Path] = {}
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path)
        partials[name] = place_beside(path, "partial")
    try:
        yield partials
        for name, partial in partials.items():
            partial.replace(folder / name)
    finally:
        for partial in partials.values():
            partial.unlink(missing_ok=True)


def remove_local(folder: Path, names: Iterable[str]) -> None:
    """Remove files, and the folders that are empty without them."""
    for name in names:
        path = folder / name
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # the first that is not empty
            for above in list(path.relative_to(folder).parents)[:-1]:
                (folder / above).rmdir()
