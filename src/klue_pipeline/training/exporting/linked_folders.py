"""Folders that cost next to no disk a second time: big files are linked, the others copied."""

import os
import shutil
from pathlib import Path

from klue_pipeline.training.loading.weights_file import require_weights

CARD_FILE = "README.md"
"""Where the Hugging Face hub looks for the card of a model."""

_BIG_SUFFIXES = (".safetensors", ".onnx", ".npy", ".index")


def link_folder(source: Path, target: Path) -> None:
    """Make a folder like another, with hard links to weights and arrays, copies of other files.

    Big files are replaced, never written to. What a person may open and change is copied, so that
    the change stays where it was made.

    Args:
        source: An existing folder.
        target: The folder to make; must not exist.

    Raises:
        FileNotFoundError: It is a checkpoint whose weights were dropped.
    """
    require_weights(source)
    shutil.copytree(source, target, copy_function=_link_big_files)


def _link_big_files(source: str, target: str) -> None:
    if not source.endswith(_BIG_SUFFIXES):
        shutil.copyfile(source, target)
        return
    try:
        os.link(Path(source).resolve(), target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
