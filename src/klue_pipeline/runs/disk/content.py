"""Whether a result is still the one that was saved: by its content, not by its name and date.

A file is left unread while its size and both its times are those of the moment it was saved; the
system sets the second time itself, whatever a program says. Otherwise its content decides, for
large files samples of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from klue_pipeline.training.fingerprint import hash_samples
from klue_pipeline.training.loading.weights_file import (
    WEIGHTS_FILE,
    are_dropped,
    find_weights_problem,
)

_PAGES = frozenset({".md"})
"""Files that people may edit, such as a model's card."""


class FilePrint(NamedTuple):
    """What one file is recognised by."""

    size: int
    """In bytes."""
    written_ns: int
    changed_ns: int
    digest: str


Content = dict[str, FilePrint]
"""By path below the result; the result itself, where it is a file, by ``.``."""


def read_content(result: Path) -> Content:
    """Note what a result is recognised by; nothing of one that is not there."""
    return {name: _print_of(path) for name, path in _files_of(result)}


def find_change(result: Path, saved: Mapping[str, FilePrint]) -> str:
    """Say how a result differs from what was saved; nothing where it does not.

    Files that were added are passed over, and weights that were dropped on purpose.
    """
    for name, wanted in saved.items():
        path = result / name
        shown = path.name if name == "." else name
        if path.name == WEIGHTS_FILE and are_dropped(path.parent):
            continue
        if not path.is_file():
            return f"{shown} is missing"
        status = path.stat()
        if (status.st_size, status.st_mtime_ns, status.st_ctime_ns) == wanted[:3]:
            continue
        if status.st_size != wanted.size:
            return f"{shown} has {status.st_size:,} bytes, {wanted.size:,} were saved"
        if hash_samples(path) != wanted.digest:
            return f"{shown} has another content than was saved"
    return ""


def find_damage(result: Path) -> str:
    """Say which file of a result is cut or no file of its kind; nothing where all can be opened.

    For results of which no content was noted.
    """
    from pyarrow import ArrowException

    for name, path in _files_of(result):
        check = _CHECKS.get(path.suffix)
        try:
            if check is not None:
                check(path)
        except (OSError, ValueError, ArrowException) as error:
            shown = path.name if name == "." else name
            return f"{shown} is cut or damaged ({' '.join(str(error).split())})"
    return ""


def _files_of(result: Path) -> Iterator[tuple[str, Path]]:
    if result.is_file():
        yield ".", result
    elif result.is_dir():
        for path in sorted(result.rglob("*")):
            name = path.relative_to(result)
            is_hidden = any(part.startswith(".") for part in name.parts)
            if path.is_file() and not is_hidden and path.suffix not in _PAGES:
                yield name.as_posix(), path


def _print_of(path: Path) -> FilePrint:
    status = path.stat()
    return FilePrint(status.st_size, status.st_mtime_ns, status.st_ctime_ns, hash_samples(path))


def _open_weights(path: Path) -> None:
    if problem := find_weights_problem(path):
        raise ValueError(problem)


def _open_parquet(path: Path) -> None:
    import pyarrow.parquet as pq

    pq.read_metadata(path)


def _open_arrow(path: Path) -> None:
    import pyarrow as pa

    with pa.memory_map(str(path)) as file:
        pa.ipc.open_file(file)


_CHECKS: dict[str, Callable[[Path], Any]] = {
    ".json": lambda path: json.loads(path.read_text(encoding="utf-8")),
    ".parquet": _open_parquet,
    ".arrow": _open_arrow,
    ".safetensors": _open_weights,
}
"""What opens a file of each kind without reading all of it."""
