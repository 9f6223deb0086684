"""Folders that are there whole or not at all, also when the process is killed while writing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
