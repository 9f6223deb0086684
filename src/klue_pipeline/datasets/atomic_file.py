"""Files that are there whole or not at all, also when the process is killed while writing."""

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
