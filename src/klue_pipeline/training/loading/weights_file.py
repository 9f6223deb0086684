"""Whether a file of weights is whole, by its header and its size alone; which tensor is broken.

A file that was cut off, by a full disk or a copy in part, is found without reading gigabytes or
importing torch, so that a dataset may ask whenever it is asked whether it exists.
"""

import json
from pathlib import Path

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
GRAPH_FILE = "model.onnx"
"""Stands in for the weights where a model was written as a graph."""
DROPPED_FILE = "weights_dropped.json"
"""Says when and why a checkpoint's weights were removed on purpose, to save disk."""
_LENGTH_BYTES = 8
"""A safetensors file begins with the length of its header."""


def find_weights_problem(path: Path) -> str | None:
    """Return what is wrong with a safetensors file, such as ``is cut off: 200 of 9,000 bytes``."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
            header = json.loads(file.read(min(length, size)))
        tensors = [tensor for name, tensor in header.items() if name != "__metadata__"]
        end = max((tensor["data_offsets"][1] for tensor in tensors), default=0)
    except (ValueError, AttributeError, TypeError, LookupError, RecursionError):
        return f"of {size:,} bytes is cut off or no safetensors file"
    wanted = _LENGTH_BYTES + length + end
    return None if size == wanted else f"is cut off: {size:,} of {wanted:,} bytes"


def find_broken_tensor(path: Path) -> str | None:
    """Return the first tensor of a whole safetensors file with nan or infinity; this reads it."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        names = sorted(file.keys())
        return next((name for name in names if not file.get_tensor(name).isfinite().all()), None)


def are_dropped(folder: Path) -> bool:
    """Tell whether a checkpoint's weights were removed on purpose."""
    return (folder / DROPPED_FILE).is_file() and not (folder / WEIGHTS_FILE).exists()


def require_weights(folder: Path) -> None:
    """Refuse a checkpoint whose weights were removed on purpose.

    Raises:
        FileNotFoundError: Saying when and why they were.
    """
    if are_dropped(folder):
        raise FileNotFoundError(
            f"{folder} has no weights any more: {read_dropped(folder)}. Train it again to get them."
        )


def read_dropped(folder: Path) -> str:
    """Say when and why a checkpoint's weights were removed on purpose."""
    try:
        note = json.loads((folder / DROPPED_FILE).read_text(encoding="utf-8"))
        return f"they were dropped on {note['dropped_at']}, as {note['because']}"
    except (ValueError, LookupError, TypeError):
        return f"they were dropped, says {DROPPED_FILE} in it"
