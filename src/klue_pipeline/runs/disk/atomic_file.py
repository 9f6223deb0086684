"""Files that are there whole or not at all, also when the process is killed while writing."""

import contextlib
import errno
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from klue_pipeline.runs.process import ProcessIdentity, is_dead, this_process

_KINDS = ("partial", "former")
_OWNER = re.compile(r"(?P<host>.+)-(?P<pid>\d+)-(?P<start>\d*)\.")
_TRIES = 10
_NEXT_TO_NOTHING_BYTES = 2**20
_LONGEST_WRITE_SECONDS = 7 * 24 * 3600
"""What is older belongs to nobody; a process of another host cannot be asked."""

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "your share of the disk is used up; free some space",
    errno.EROFS: "the file system is read-only; mount it for writing, or set another data_root",
    errno.EACCES: "this user may not write there; change who may, or set another data_root",
    errno.EPERM: "this user may not write there; change who may, or set another data_root",
}
_NUMBER = re.compile(r"(?:os error|errno) (\d+)", re.IGNORECASE)


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give out a path in the folder of ``path``, and rename what was written there to ``path``.

    An error inside leaves ``path`` as it was. The name given out starts with a dot and ends in
    ``.partial``, so that nothing that looks for finished files finds it. It names the process, so
    that two that write the same file do not meet; what a dead one left there is removed.

    Raises:
        OSError: The disk is full or must not be written; the message says so.
    """
    with _said_in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path)
        partial = place_beside(path, "partial")
        try:
            yield partial
            partial.replace(path)
        finally:
            _remove(partial)


@contextmanager
def folder_written_beside(path: Path) -> Iterator[Path]:
    """Give out an empty folder beside ``path``, and swap it in for ``path`` afterwards.

    An error inside leaves ``path`` as it was. A folder cannot replace another in one step, so a
    process killed between the two renames leaves no folder rather than a mixed one. The names in
    between are those of :func:`written_beside`.

    Raises:
        OSError: The disk is full or must not be written; the message says so.
    """
    with _said_in_words(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path)
        partial, former = place_beside(path, "partial"), place_beside(path, "former")
        for leftover in (partial, former):
            _remove(leftover)
        partial.mkdir()
        try:
            yield partial
            _swap_in(partial, path, former)
        finally:
            for leftover in (partial, former):
                _remove(leftover)


def _swap_in(partial: Path, path: Path, former: Path) -> None:
    """Rename a folder into its place; another process may be doing the same."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError):
            path.rename(former)
        try:
            partial.rename(path)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            _remove(former)
        else:
            return
    raise OSError(f"{path} is written by other processes all the time; let them end first.")


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all."""
    with written_beside(path) as partial:
        partial.write_text(text, encoding="utf-8")


def require_free_space(folder: Path, error: Exception) -> None:
    """Say that the disk is full where an error may have come of that.

    Raises:
        OSError: There is next to no space left.
    """
    free = shutil.disk_usage(folder).free
    if free < _NEXT_TO_NOTHING_BYTES:
        raise OSError(
            f"The disk of {folder} is full ({free:,} bytes are free); free some space, and run "
            f"again with --only-missing-outputs. What failed says: {error}"
        ) from error


def place_beside(path: Path, kind: str) -> Path:
    """Return the hidden name beside ``path`` that belongs to this process alone."""
    host, pid, start, _ = this_process()
    return path.with_name(f".{path.name}.{host}-{pid}-{start or ''}.{kind}")


def remove_leftovers(path: Path) -> None:
    """Remove what dead processes left beside ``path``, and what no process can still write."""
    for leftover in path.parent.glob(".*"):
        name = leftover.name.removeprefix(f".{path.name}.")
        kind = leftover.suffix.removeprefix(".")
        if name != leftover.name and kind in _KINDS and _is_over(name, leftover):
            _remove(leftover)


def _is_over(name: str, leftover: Path) -> bool:
    owner = _OWNER.match(name)
    if owner and is_dead(ProcessIdentity(owner["host"], int(owner["pid"]), owner["start"] or None)):
        return True
    with contextlib.suppress(OSError):
        return time.time() - leftover.stat().st_mtime > _LONGEST_WRITE_SECONDS
    return False


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _said_in_words(path: Path) -> Iterator[None]:
    """Say where nothing can be written, and why, whatever library found out."""
    try:
        yield
    except Exception as error:
        reason = _REASONS.get(_number_of(error) or 0)
        named = getattr(error, "filename", None)
        is_here = named is None or path.name in str(named) or path.is_relative_to(str(named))
        if reason is None or not is_here:
            raise
        raise OSError(
            f"{path} could not be written: {reason}, and run again with --only-missing-outputs. "
            "What was there before is unchanged."
        ) from error


def _number_of(error: Exception) -> int | None:
    """Return the system's number of an error; the libraries in Rust and C++ write it out."""
    if isinstance(error, OSError) and error.errno:
        return error.errno
    found = _NUMBER.search(str(error))
    return int(found[1]) if found else None
