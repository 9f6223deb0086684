"""Where a training keeps its resume state until its results are stored, and what lies there."""

import hashlib
import json
import logging
import shutil
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from safetensors import safe_open

logger = logging.getLogger(__name__)

BEST_FILE = "best.safetensors"
"""The weights of the best evaluation so far, beside the checkpoints."""

_STATE_FILE = "trainer_state.json"
# Trainer starts anew with what is missing, and says nothing.
_STATE_FILES = (
    "model.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth", _STATE_FILE,
)  # fmt: skip
_INCOMPLETE = "it was not written to its end"


@dataclass(frozen=True)
class FoldWorkspace:
    """One fold's number and its scratch folder.

    Attributes:
        fold: Number of the fold, counted from 0.
        folder: Scratch folder of this fold alone; may not exist yet.
    """

    fold: int
    folder: Path

    def scratch_for(self, origin: Mapping[str, object]) -> Path:
        """Return the folder for a training of this origin, and remove what other origins left.

        A training resumes from what it finds there. The folder's name is a hash of the origin, so
        a training with other settings, rows or folds can never pick up a foreign state.

        Args:
            origin: All that decides the training's result: settings and content hashes.
        """
        text = json.dumps(origin, sort_keys=True, ensure_ascii=False, default=str)
        name = hashlib.sha256(text.encode()).hexdigest()[:16]
        self.folder.mkdir(parents=True, exist_ok=True)
        for other in self.folder.iterdir():
            if other.is_dir() and other.name != name:
                logger.info("Removing the unfinished training of other settings in %s", other)
                shutil.rmtree(other)
        scratch = self.folder / name
        scratch.mkdir(exist_ok=True)
        return scratch


def last_whole_checkpoint(folder: Path) -> Path | None:
    """Return the newest ``checkpoint-<step>`` folder that can be gone on from, or None.

    Trainer writes its state file after weights, optimizer and random states, so a folder without
    one was left by a killed process. A power cut or a full disk also leaves files that end too
    early. Folders of either kind are removed: Trainer would count them as checkpoints when it
    deletes old ones, and every later call would stumble over them.
    """
    best_is_lost = _damage_of(folder / BEST_FILE) is not None
    for checkpoint in sorted(folder.glob("checkpoint-*"), key=_step_of, reverse=True):
        damage = _find_damage(checkpoint, best_is_lost=best_is_lost)
        if damage is None:
            return checkpoint
        logger.log(
            logging.INFO if damage == _INCOMPLETE else logging.WARNING,
            "Removing %s: %s; the training goes on from the state before, or anew",
            checkpoint,
            damage,
        )
        shutil.rmtree(checkpoint)
    return None


def _find_damage(checkpoint: Path, *, best_is_lost: bool) -> str | None:
    """Say why a checkpoint cannot be gone on from; None if it can."""
    if not (checkpoint / _STATE_FILE).is_file():
        return _INCOMPLETE
    for name in _STATE_FILES:
        if _damage_of(checkpoint / name) is not None:
            return f"its {name} cannot be read"
    state = json.loads((checkpoint / _STATE_FILE).read_text(encoding="utf-8"))
    if not isinstance(state, dict) or state.get("global_step") != _step_of(checkpoint):
        return f"its {_STATE_FILE} is not of this step"
    evaluated = any(name.startswith("eval_") for row in state["log_history"] for name in row)
    if best_is_lost and evaluated:
        return f"{BEST_FILE} beside it, the best weights so far, cannot be read"
    return None


def _damage_of(path: Path) -> Exception | None:
    """Return what reading a file of a resume state would raise; weights are not read whole."""
    try:
        _READERS[path.suffix](path)
    except Exception as error:  # damaged files make their readers raise anything
        return error
    return None


def _check_tensors(path: Path) -> None:
    with safe_open(path, framework="pt") as tensors:
        tensors.keys()


def _check_archive(path: Path) -> None:
    """PyTorch's files are ZIP archives with a checksum of each part."""
    with zipfile.ZipFile(path) as archive:
        if damaged := archive.testzip():
            raise ValueError(damaged)


def _check_text(path: Path) -> None:
    json.loads(path.read_text(encoding="utf-8"))


_READERS: dict[str, Callable[[Path], object]] = {
    ".safetensors": _check_tensors,
    ".pt": _check_archive,
    ".pth": _check_archive,
    ".json": _check_text,
}


def _step_of(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isdecimal() else -1
