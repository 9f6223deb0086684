"""The JSON files of a checkpoint, read with what to do where one is missing or damaged."""

import json
from pathlib import Path
from typing import Any

RELATION_FILE = "relation.json"
COPY_AGAIN = "It is cut off or was changed: copy the folder again, or train or export it again."


def require_file(path: Path) -> None:
    """Refuse a folder that lacks a file of a checkpoint.

    Raises:
        FileNotFoundError: Naming folder and file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.parent} is no relation checkpoint: {path.name} is missing; train it first."
        )


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
