"""Where a training keeps its resume state until its results are stored, and what lies there."""

import hashlib
import json
import logging
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

logger = logging.getLogger(__name__)

_STATE_FILE = "trainer_state.json"


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
    """Return the newest complete ``checkpoint-<step>`` folder, or None.

    Trainer writes its state file after weights, optimizer and random states, so a folder with a
    readable one is complete. Incomplete folders, left by a killed process, are removed: Trainer
    would count them as checkpoints when it deletes old ones.
    """
    whole = []
    for checkpoint in folder.glob("checkpoint-*"):
        if _is_whole(checkpoint):
            whole.append(checkpoint)
        else:
            logger.info("Removing the incomplete %s", checkpoint.name)
            shutil.rmtree(checkpoint)
    return max(whole, key=_step_of, default=None)


def _is_whole(checkpoint: Path) -> bool:
    try:
        state = json.loads((checkpoint / _STATE_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(state["global_step"] == _step_of(checkpoint))


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])
