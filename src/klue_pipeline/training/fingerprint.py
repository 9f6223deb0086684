"""Content hashes of tables and files: equal values give equal hashes, whatever made them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd  # imported where tables are hashed: every command hashes files

_HEADER = b"klue_pipeline table, layout 1\n"

_READ_WHOLE_BYTES = 16 * 2**20
_END_BYTES = 2**20
_SAMPLE_BYTES = 16 * 2**10
_SAMPLES = 256


def hash_table(frame: "pd.DataFrame", columns: list[str]) -> str:
    """Return the SHA-256 of the values of ``columns``, in row order.

    Only values count: the index, the other columns and how pandas stores a column (``object`` or
    ``str``, ``int64`` or ``Int64``) do not. The order of rows and of ``columns``, column names,
    the place of missing values and the difference between 1, 1.0, True and "1" do. None, NaN and
    NA are all *missing*.

    Args:
        frame: Any table whose columns hold text, whole numbers, floats or booleans.
        columns: The columns to hash, in this order.

    Returns:
        64 hexadecimal digits.

    Raises:
        ValueError: A column is not in the table.
        TypeError: A column mixes kinds of values, or holds values of another kind.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise ValueError(
            f"Cannot hash columns {missing}: not in the table, which has {list(frame.columns)}."
        )
    digest = hashlib.sha256(_HEADER)
    for name in columns:
        for piece in _serialise_column(name, frame[name]):
            digest.update(piece)
    return digest.hexdigest()


def _serialise_column(name: str, values: "pd.Series") -> list[bytes]:
    """Write a column as name, kind, sizes, missing places and values, so that it reads one way."""
    import numpy as np
    import pandas as pd

    is_missing = values.isna().to_numpy(dtype=bool)
    present = values[~is_missing]
    kind = pd.api.types.infer_dtype(present, skipna=False) if len(present) else "empty"
    if kind not in _ENCODERS:
        raise TypeError(
            f"Cannot hash column {name!r} of {kind} values; wanted one of {sorted(_ENCODERS)}."
        )
    payload = _ENCODERS[kind](present)
    header = json.dumps([name, kind, len(values), len(payload)]) + "\n"
    return [header.encode(), np.packbits(is_missing).tobytes(), payload]


def _encode_text(values: "pd.Series") -> bytes:
    """Write the lengths before the characters, so that ("ab", "c") and ("a", "bc") differ."""
    import numpy as np

    texts = values.tolist()
    lengths = np.fromiter(map(len, texts), dtype="<i8", count=len(texts))
    return lengths.tobytes() + "".join(texts).encode("utf-8", "surrogatepass")


def _encode_whole_numbers(values: "pd.Series") -> bytes:
    return values.to_numpy(dtype="<i8").tobytes()


def _encode_floats(values: "pd.Series") -> bytes:
    return (values.to_numpy(dtype="<f8") + 0.0).tobytes()  # adding 0.0 makes -0.0 and 0.0 one


def _encode_booleans(values: "pd.Series") -> bytes:
    return values.to_numpy(dtype="?").tobytes()


_ENCODERS: "dict[str, Callable[[pd.Series], bytes]]" = {
    "boolean": _encode_booleans,
    "empty": lambda _: b"",
    "floating": _encode_floats,
    "integer": _encode_whole_numbers,
    "string": _encode_text,
}


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hex digits.

    Raises:
        OSError: It is no readable file.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_file(path: Path) -> str:
    """Return the first digits of a file's SHA-256, which are enough to tell files apart."""
    return file_sha256(path)[:16]


def hash_samples(path: Path) -> str:
    """Return the first digits of the SHA-256 of a file, of a large one of its size and samples.

    Files up to 16 MiB are read whole. Of a larger one its beginning, where safetensors has its
    table of contents, its end and blocks at equal distances are read, 6 MiB in all: another
    training changes every block of the weights, and gigabytes cost some milliseconds.

    Raises:
        OSError: It is no readable file.
    """
    size = path.stat().st_size
    if size <= _READ_WHOLE_BYTES:
        return hash_file(path)
    digest = hashlib.sha256(f"{size} bytes, sampled\n".encode())
    last = size - _END_BYTES
    places = (place * last // (_SAMPLES + 1) for place in range(1, _SAMPLES + 1))
    pieces = [(0, _END_BYTES), *((place, _SAMPLE_BYTES) for place in places), (last, _END_BYTES)]
    with path.open("rb", buffering=0) as file:
        for place, length in pieces:
            file.seek(place)
            digest.update(file.read(length))
    return digest.hexdigest()[:16]


def hash_encoder_folder(folder: Path) -> str:
    """Recognise a local encoder by its files' content, large files by samples of it."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        digest.update(f"{path.name} {path.stat().st_size} {hash_samples(path)}".encode())
    return digest.hexdigest()[:16]


def hash_folder(folder: Path) -> str:
    """Recognise a folder of data by the names and the whole content of all files below it."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()} {file_sha256(path)}\n".encode())
    return digest.hexdigest()[:16]


def hash_tokenizer(tokenizer: Any, *settings: Any) -> str:
    """Hash everything that decides how a text is written in tokens.

    Args:
        tokenizer: A fast tokenizer.
        settings: What else decides it; anything that JSON can hold.
    """
    content = json.loads(tokenizer.backend_tokenizer.to_str())
    # State of the last call, not part of what the tokenizer is.
    content.update(truncation=None, padding=None)
    text = json.dumps([content, *settings], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
