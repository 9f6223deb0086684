"""What an exported model consists of, written beside it, so that a later change is noticed.

A folder is copied, unpacked and edited by hand: a fold gets lost, comes from another export, or has
its labels in another order, and still answers. The manifest knows each part by its files' content.
"""

import hashlib
import json
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ValidationError

from klue_pipeline.training.loading.checkpoint_files import read_json_file

MANIFEST_FILE = "export.json"

_BLOCK_BYTES = 4096
_BLOCKS = 256


class ExportManifest(BaseModel):
    """The content of an exported model.

    Attributes:
        models: For each folder in it, such as a fold's, the hash of each of its files.
        pipeline: What exports it.
        setting: What names its experiment.
        made_of: Of ONNX graphs, the hash of the manifest of the export that they were made of.
    """

    models: dict[str, dict[str, str]]
    pipeline: str = "export"
    setting: str = "experiment"
    made_of: str | None = None

    @property
    def remedy(self) -> str:
        """What to do where it does not fit."""
        return (
            f"Copy the whole folder again, or export it again (kedro run --pipelines "
            f"{self.pipeline}, with the same --env and --params {self.setting}=... as the training)"
        )


def write_manifest(
    folder: Path,
    parts: Collection[str],
    pipeline: str = "export",
    setting: str = "experiment",
    made_of: Path | None = None,
) -> None:
    """Write down what the folders of an export hold.

    Args:
        folder: An exported model, whole but for its manifest.
        parts: Names of its folders.
        pipeline: What exports it.
        setting: What names its experiment.
        made_of: The folder of the export that ONNX graphs were made of.
    """
    manifest = ExportManifest(
        models={name: _hash_files(folder / name) for name in parts},
        pipeline=pipeline,
        setting=setting,
        made_of=_hash_manifest(made_of) if made_of else None,
    )
    text = json.dumps(manifest.model_dump(), indent=2) + "\n"
    (folder / MANIFEST_FILE).write_text(text, encoding="utf-8")


def require_same_parts(folder: Path, found: Collection[str], or_else: str = "") -> None:
    """Refuse an exported model that lacks a folder, or has one more than it was exported with.

    Args:
        folder: A folder of folds; without a manifest, as of a training or an earlier version, any
            folds are right.
        found: Names of the folders in it.
        or_else: What else there is to do, for the message.

    Raises:
        ValueError: Naming the folders that are missing or too many.
    """
    manifest = _read(folder)
    if manifest is None or set(found) == manifest.models.keys():
        return
    missing = sorted(manifest.models.keys() - found)
    foreign = sorted(set(found) - manifest.models.keys())
    parts = [f"{', '.join(missing)} is missing"] if missing else []
    parts += [f"{', '.join(foreign)} is not of this export"] if foreign else []
    listed = f"{len(manifest.models)} folders ({', '.join(manifest.models)})"
    raise ValueError(
        f"{folder} is not what was exported: {' and '.join(parts)}; {MANIFEST_FILE} lists "
        f"{listed}. {manifest.remedy}{or_else}."
    )


def require_whole_export(folder: Path) -> None:
    """Refuse an exported model of which anything is not as it was exported.

    Raises:
        ValueError: Naming the folders or the files.
    """
    manifest = _read(folder)
    known = manifest.models if manifest else {}
    parts = [
        path
        for path in folder.iterdir()
        if path.is_dir() and (path.name in known or path.name.startswith("fold_"))
    ]
    require_same_parts(folder, [path.name for path in parts])
    for path in parts:
        require_as_exported(path)


def require_as_exported(part: Path) -> None:
    """Refuse a folder whose files are not those of its export.

    Args:
        part: A folder of an export, such as a fold's; one that no manifest lists is not looked at.

    Raises:
        ValueError: Naming the files.
    """
    place = part.absolute()
    manifest = _read(place.parent)
    wanted = manifest.models.get(place.name) if manifest else None
    if manifest is None or wanted is None:
        return
    found = _hash_files(place)
    differ = sorted(name for name, value in wanted.items() if found.get(name) != value)
    if differ:
        named = ", ".join(name if name in found else f"{name} (missing)" for name in differ)
        raise ValueError(
            f"{part} is not what was exported: {named} differs from {MANIFEST_FILE}. It was "
            f"cut off or changed by hand, or is another export's or fold's. {manifest.remedy}."
        )


def require_made_of(folder: Path, exported: Path) -> None:
    """Refuse graphs of another export than the one that is there now, such as an earlier one.

    Args:
        folder: A folder of graphs.
        exported: Where their export was; without it there is nothing to compare with.

    Raises:
        ValueError: They were made of another one.
    """
    manifest = _read(folder)
    now = _hash_manifest(exported)
    if manifest is None or manifest.made_of is None or now is None:
        return
    if manifest.made_of != now:
        raise ValueError(
            f"The graphs in {folder} were made of another export than the one in {exported}, which "
            f"is newer. Make them again (kedro run --pipelines {manifest.pipeline}, with the same "
            f"--env and --params {manifest.setting}=... as the training)."
        )


def _read(folder: Path) -> ExportManifest | None:
    path = folder / MANIFEST_FILE
    if not path.is_file():
        return None
    try:
        return ExportManifest.model_validate(read_json_file(path))
    except ValidationError as error:
        remedy = "Copy the whole folder again, or export it again"
        raise ValueError(f"{path} lists no models. {remedy}.") from error


def _hash_manifest(folder: Path) -> str | None:
    path = folder / MANIFEST_FILE
    return _hash_file(path) if path.is_file() else None


def _hash_files(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return {path.name: _hash_file(path) for path in files if not path.name.startswith(".")}


def _hash_file(path: Path) -> str:
    """Hash a file; what has not been written since is not read again, as a tokenizer is large."""
    now = path.stat()
    return _hash_content(path, now.st_ino, now.st_size, now.st_mtime_ns)


@lru_cache(maxsize=256)
def _hash_content(path: Path, *_: int) -> str:
    """Hash JSON by its values, so that other line ends change nothing, and the rest by samples."""
    if path.suffix == ".json":
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return _hash_samples(path)
        return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    return _hash_samples(path)


def _hash_samples(path: Path) -> str:
    """Hash a file's size and blocks from all over it: gigabytes of weights in an instant."""
    size = path.stat().st_size
    digest = hashlib.sha256(str(size).encode())
    with path.open("rb") as file:
        for start in range(0, size, max(_BLOCK_BYTES, size // _BLOCKS)):
            file.seek(start)
            digest.update(file.read(_BLOCK_BYTES))
    return digest.hexdigest()
