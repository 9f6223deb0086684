"""The resume states that Trainer leaves in its scratch folder while a fold trains."""

import json
import logging
import shutil
from pathlib import Path

logger = logging.getLogger(__name__)

_STATE_FILE = "trainer_state.json"


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
