"""Where the local copy of a remote data folder lies, and what a path in it is called out there.

Both follow from the name alone, so that every process knows, also a worker on another machine.
"""

import re
from pathlib import Path

from klue_pipeline.passwords import without_passwords

MIRRORS = ".mirror"
"""The folder of all local copies; its subfolders are named after scheme and address."""

NOTES = ".synced"
_PARENT = f"data/{MIRRORS}"
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][^/]*)://(?P<rest>.*)")
_ABSOLUTE = frozenset({"file", "local"})
_WANTED = "s3://<bucket>/<folder> was wanted"


def local_folder(data_root: str) -> str:
    """Return the folder in which results are read and written; a local one is itself.

    >>> local_folder("s3://team/klue/v1"), local_folder("data/klue")
    ('data/.mirror/s3/team/klue/v1', 'data/klue')

    Raises:
        ValueError: It is an address, but not one of a folder.
    """
    found = _ADDRESS.fullmatch(data_root)
    if found is None:
        return data_root
    scheme, rest = found["scheme"].lower(), found["rest"].strip("/")
    if problem := _find_problem(scheme, rest):
        raise ValueError(f"data_root: found {without_passwords(data_root)!r}; {problem}")
    return f"{_PARENT}/{scheme}/{rest}"


def address_of(path: Path) -> str | None:
    """Return what a path in a local copy is called out there; None of any other path.

    >>> address_of(Path("/project/data/.mirror/s3/team/klue/labels.json"))
    's3://team/klue/labels.json'
    >>> address_of(Path("/project/data/labels.json")) is None
    True
    """
    parts = _parts_of(path)
    if parts is None:
        return None
    scheme, *rest = parts
    return f"{scheme}://{'/' if scheme in _ABSOLUTE else ''}{'/'.join(rest)}"


def notes_folder(path: Path) -> Path:
    """Return where it is noted which files of a bucket were fetched and sent.

    >>> notes_folder(Path("/project/data/.mirror/s3/team/klue/labels.json")).as_posix()
    '/project/data/.mirror/s3/team/.synced'
    """
    place = path.parts.index(MIRRORS)
    return Path(*path.parts[: place + 3], NOTES)


def stays_local(path: Path) -> bool:
    """Tell whether a path is of the machine's own: hidden folders hold scratch and caches.

    >>> stays_local(Path("data/.mirror/s3/team/klue/06_models/a/.scratch/fold_0"))
    True
    """
    return any(part.startswith(".") for part in _parts_of(path) or ())


def _parts_of(path: Path) -> tuple[str, ...] | None:
    if MIRRORS not in path.parts:
        return None
    parts = path.parts[path.parts.index(MIRRORS) + 1 :]
    return parts if len(parts) > 1 else None


def _find_problem(scheme: str, rest: str) -> str:
    parts = rest.split("/")
    if "@" in parts[0]:
        return f"{_WANTED}, without a login: name and password come from the environment"
    if ":" in scheme or "::" in rest or any(mark in rest for mark in "?#*[]\\"):
        return f"{_WANTED}, without options or patterns"
    if any(part in ("", "..") or part.startswith(".") for part in parts):
        return f"{_WANTED}, without empty or hidden parts"
    return ""
