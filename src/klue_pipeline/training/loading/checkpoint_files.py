"""The JSON files of a checkpoint, read with what to do where one is missing or damaged.

Beside weights and the encoder's own configuration, a checkpoint has a description: what its task
must know of it, in a file with the task's name.
"""

import json
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from klue_pipeline.base_settings import explain_errors

RELATION_FILE, READER_FILE = "relation.json", "reader.json"
"""The descriptions of a relation classifier and of a reader."""

REFIT_FOLDER = "refit"
"""In an export, the model that learnt from all rows; it is loaded by its own folder, or alone."""

COPY_AGAIN = "It is cut off or was changed: copy the folder again, or train or export it again."
_TRAIN_AGAIN = "Another version of this project wrote it, or it was changed; train the model again."

Description = TypeVar("Description", bound=BaseModel)


def require_file(path: Path, description_file: str) -> None:
    """Refuse a folder that lacks a file of a checkpoint.

    Args:
        path: The file.
        description_file: The name of the checkpoint's description, which says its task.

    Raises:
        FileNotFoundError: Naming folder and file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.parent} is no {Path(description_file).stem} checkpoint: {path.name} is "
            "missing; train it first."
        )


def read_description(path: Path, model: type[Description]) -> Description:
    """Read what a checkpoint says about itself without loading its weights.

    Raises:
        FileNotFoundError: The folder is no checkpoint of this task.
        ValueError: The file is cut off, of another version, or changed by hand.
    """
    require_file(path, path.name)
    try:
        return model.model_validate(read_json_file(path))
    except ValidationError as error:
        raise ValueError(
            f"{path} does not fit: {'; '.join(explain_errors(error))}. {_TRAIN_AGAIN}"
        ) from error


def read_json_file(path: Path) -> dict[str, Any]:
    """Read a JSON object of a checkpoint.

    Raises:
        ValueError: It is none, or not whole.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:  # no JSON, or no UTF-8
        raise ValueError(f"{path} is no whole JSON ({error}). {COPY_AGAIN}") from error
    if isinstance(value, dict):
        return value
    raise ValueError(f"{path} is no JSON object. {COPY_AGAIN}")
