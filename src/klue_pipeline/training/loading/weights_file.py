"""Whether a file of weights is whole, by its header and its size alone; which tensor is broken.

A file that was cut off, by a full disk or a copy in part, is found without reading gigabytes or
importing torch, so that a dataset may ask whenever it is asked whether it exists.
"""

import json
from pathlib import Path

CONFIG_FILE, WEIGHTS_FILE = "config.json", "model.safetensors"
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
