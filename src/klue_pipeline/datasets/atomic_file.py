"""Files that are there whole or not at all, also when the process is killed while writing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give out a path in the folder of ``path``, and rename what was written there to ``path``.

    An error inside leaves ``path`` as it was. The name given out starts with a dot and ends in
    ``.partial``, so that nothing that looks for finished files finds it, and is always the same,
    so that what a killed process left there is overwritten by the next.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def folder_written_beside(path: Path) -> Iterator[Path]:
    """Give out an empty folder beside ``path``, and swap it in for ``path`` afterwards.

    An error inside leaves ``path`` as it was. A folder cannot replace another in one step, so a
    process killed between the two renames leaves no folder rather than a mixed one. The names in
    between start with a dot and are always the same, so that what a killed process left there is
    removed by the next.
    """
    partial = path.with_name(f".{path.name}.partial")
    former = path.with_name(f".{path.name}.former")
    for leftover in (partial, former):
        shutil.rmtree(leftover, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            path.rename(former)
        partial.rename(path)
    finally:
        for leftover in (partial, former):
            shutil.rmtree(leftover, ignore_errors=True)
