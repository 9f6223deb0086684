"""How a dataset of Kedro's writes its file beside its place; it opens the final name otherwise."""

import copy
from pathlib import Path, PurePosixPath
from typing import Any

from klue_pipeline.runs.disk.atomic_file import written_beside

UTF_8 = {
    "open_args_save": {"mode": "w", "encoding": "utf-8", "newline": ""},
    "open_args_load": {"mode": "r", "encoding": "utf-8"},
}
"""Kedro leaves the encoding to the machine's locale, which is cp949 on a Korean Windows."""


def save_whole(dataset: Any, kind: Any, data: Any) -> None:
    """Save as ``kind`` does, into a file that is renamed when it is whole.

    Args:
        dataset: A dataset with one file.
        kind: The class of Kedro's that knows how to write it.
        data: What is saved.
    """
    save = kind.save.__wrapped__  # without Kedro's own words on errors, which come once more
    if dataset._version or dataset._protocol != "file":
        save(dataset, data)
        return
    with written_beside(Path(dataset._filepath)) as partial:
        beside = copy.copy(dataset)
        beside._filepath = PurePosixPath(partial.as_posix())
        save(beside, data)
