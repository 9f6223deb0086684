"""Which folder the predictions for a file go to: one for each input, whatever it is called."""

import hashlib
import json
from pathlib import Path

from kedro.io import DatasetError

from klue_pipeline.datasets.inputs.files import resolve_path
from klue_pipeline.text.folder_names import folder_of_file

INPUT_FILE = "input.json"
"""Says in each folder of predictions which file they are for."""

_DIGITS = 8


def choose_folder(parent: Path, source: str | None, setting: str = "predict.input") -> Path:
    """Return the folder for a file of new rows.

    It has the file's name without its ending. If another file of that name was labelled before, a
    hash of the file's place follows the name, so that neither replaces the other.

    Args:
        parent: Where the folders of all inputs are.
        source: The file as the user wrote it; None where none is named.
        setting: The parameter that it came from, for messages.

    Raises:
        DatasetError: The file's name cannot be a folder's, or its folder holds the file itself.
    """
    name = _name_folder(source or "none", setting)
    folder = parent / name
    if source is None:
        return folder
    path = resolve_path(source)
    if _input_of(folder) not in {None, _place_of(path)}:
        digest = hashlib.sha256(_place_of(path).encode()).hexdigest()
        folder = parent / f"{name}_{digest[:_DIGITS]}"
    if path.is_relative_to(folder.resolve()):
        raise DatasetError(
            f"{path} lies where its predictions go ({folder}), which are replaced as a whole. Move "
            f"the file to another folder, and name it with --params {setting}=<file>."
        )
    return folder


def write_input(folder: Path, source: str) -> None:
    """Write into a folder of predictions which file they are for."""
    text = json.dumps({"input": _place_of(resolve_path(source))}, ensure_ascii=False, indent=2)
    (folder / INPUT_FILE).write_text(f"{text}\n", encoding="utf-8")


def _name_folder(source: str, setting: str) -> str:
    try:
        return folder_of_file(Path(source).stem)
    except ValueError as error:
        raise DatasetError(
            f"{source} names no folder for its predictions. {error} Name it with --params "
            f"{setting}=<file>."
        ) from error


def _place_of(path: Path) -> str:
    """Return a file's place, below the project as seen from it, so that both may move together."""
    root = resolve_path(".")
    return (path.relative_to(root) if path.is_relative_to(root) else path).as_posix()


def _input_of(folder: Path) -> str | None:
    """Return the file that a folder is for; None where there is no folder, or it does not say."""
    try:
        return str(json.loads((folder / INPUT_FILE).read_text(encoding="utf-8"))["input"])
    except (OSError, ValueError, LookupError, TypeError):
        return None
