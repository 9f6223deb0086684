"""Files that belong together: a result, which is a file or a folder, and what says who made it.

Names are relative to the folder that is looked at, with slashes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from klue_pipeline.runs.disk.origin_store import FOLDER


@dataclass
class Unit:
    """One result.

    Attributes:
        name: Where it lies.
        files: Its own files.
        origin: The file beside it that says what made it.
    """

    name: str
    files: set[str] = field(default_factory=set)

    @property
    def origin(self) -> str:
        """The file beside it that says what made it, whether there is one or not."""
        return origin_name(self.name)


def origin_name(result: str) -> str:
    """Return the file that says what made a result.

    >>> origin_name("07_model_output/a/test.parquet")
    '07_model_output/a/.fingerprints/test.parquet.json'
    """
    path = PurePosixPath(result)
    return (path.parent / FOLDER / f"{path.name}.json").as_posix()


def group_files(names: Iterable[str]) -> list[Unit]:
    """Sort files to their results; scratch and caches, which are hidden, are left out.

    A file that belongs to no known result is one of its own.

    >>> [(unit.name, sorted(unit.files)) for unit in group_files(
    ...     ["a/.fingerprints/model.json", "a/model/x", "a/model/y", "a/z", "a/.scratch/s"])]
    [('a/model', ['a/model/x', 'a/model/y']), ('a/z', ['a/z'])]
    """
    known = set(names)
    units = {result: Unit(result) for result in filter(None, map(_result_of_origin, known))}
    for name in known:
        if not any(part.startswith(".") for part in PurePosixPath(name).parts):
            result = next((above for above in _from_the_top(name) if above in units), name)
            units.setdefault(result, Unit(result)).files.add(name)
    return [units[name] for name in sorted(units)]


def _result_of_origin(name: str) -> str | None:
    """Return the result that an origin is of; None for any other file."""
    path = PurePosixPath(name)
    folder = path.parent
    above = folder.parent
    is_hidden = any(part.startswith(".") for part in above.parts)
    if folder.name != FOLDER or path.suffix != ".json" or is_hidden:
        return None
    return (above / path.stem).as_posix() if not path.stem.startswith(".") else None


def _from_the_top(name: str) -> list[str]:
    path = PurePosixPath(name)
    return [above.as_posix() for above in [*reversed(path.parents), path]]
