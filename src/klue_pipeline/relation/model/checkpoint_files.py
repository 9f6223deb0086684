"""The files of a checkpoint, looked at before anything is built from them.

A folder that was copied in part, or that somebody else made, is refused here with what to do;
libraries that read it later would say less, or ask whether to run its code.
"""

import json
from pathlib import Path
from typing import Any

RELATION_FILE, WEIGHTS_FILE, ENCODER_FILE = "relation.json", "model.safetensors", "config.json"
_LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header."""
_COPY_AGAIN = "It is cut off or was changed: copy the folder again, or train or export it again."


def require_sound_files(folder: Path) -> None:
    """Refuse a checkpoint that is not whole, or whose encoder Transformers does not know itself.

    Raises:
        FileNotFoundError: A file is missing.
        ValueError: A file is cut off or damaged, or the encoder needs code of its own.
    """
    for name in (RELATION_FILE, ENCODER_FILE, WEIGHTS_FILE):
        require_file(folder / name)
    _require_known_encoder(folder / ENCODER_FILE)
    if problem := find_weights_problem(folder / WEIGHTS_FILE):
        raise ValueError(problem)


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
        raise ValueError(f"{path} is no whole JSON ({error}). {_COPY_AGAIN}") from error
    if isinstance(value, dict):
        return value
    raise ValueError(f"{path} is no JSON object. {_COPY_AGAIN}")


def find_weights_problem(path: Path) -> str | None:
    """Return what is wrong with a safetensors file by its header and size, without its tensors."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = json.loads(file.read(min(length, size)))
        tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
        end = max((tensor["data_offsets"][1] for tensor in tensors), default=0)
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError):
        return f"{path} ({size:,} bytes) holds no whole weights. {_COPY_AGAIN}"
    wanted = _LENGTH_BYTES + length + end
    if size == wanted:
        return None
    return f"{path} holds no whole weights: {size:,} of {wanted:,} bytes. {_COPY_AGAIN}"


def _require_known_encoder(path: Path) -> None:
    from transformers import CONFIG_MAPPING, __version__

    config = read_json_file(path)
    kind = config.get("model_type")
    if kind in CONFIG_MAPPING:
        return
    wants_code = "auto_map" in config
    code = "It wants code of its own to be run (auto_map), which never is. " if wants_code else ""
    raise ValueError(
        f"{path} is of encoder type {kind!r}, which Transformers {__version__} does not know. "
        f"{code}Load a model of a known type, or install the Transformers that made this one."
    )
