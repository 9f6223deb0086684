"""A model over an encoder as a folder that explains itself, written and read.

The folder holds the encoder's ``config.json``, the description of the task, ``model.safetensors``
and the tokenizer's files; nothing in it is pickled.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar, cast

from pydantic import BaseModel
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PretrainedConfig, PreTrainedTokenizerBase

from klue_pipeline.training.loading.checkpoint_files import (
    COPY_AGAIN,
    Description,
    read_description,
    require_file,
)
from klue_pipeline.training.loading.encoder_files import explained, read_config, require_files
from klue_pipeline.training.loading.weights_file import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    require_weights,
)

AnyModel = TypeVar("AnyModel", bound=nn.Module)


class SavesModel(Protocol):
    """A model that writes its configuration and weights."""

    def save_pretrained(self, folder: Path) -> None:
        """Write them into ``folder``."""


class TrainedModel:
    """A trained model with its tokenizer: what the checkpoint dataset writes as one folder."""

    def __init__(self, model: SavesModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model = model
        self.tokenizer = tokenizer

    def save_pretrained(self, folder: Path) -> None:
        """Write the model's and the tokenizer's files into ``folder``."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)


def save_model(model: nn.Module, description: BaseModel, path: Path) -> None:
    """Write configuration, description and weights of a model.

    Args:
        model: Its encoder is ``model.encoder``.
        description: What its task must know of it.
        path: The file of the description, in the folder of all; the folder is made.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    cast(Any, model).encoder.config.save_pretrained(folder)
    text = json.dumps(description.model_dump(mode="json"), ensure_ascii=False, indent=2)
    path.write_text(text + "\n", encoding="utf-8")
    weights = {name: value.contiguous() for name, value in model.state_dict().items()}
    save_file(weights, folder / WEIGHTS_FILE, metadata={"format": "pt"})


def load_model(
    path: Path,
    description: type[Description],
    build: Callable[[PretrainedConfig, Description], AnyModel],
) -> AnyModel:
    """Load a model in float32 on the CPU, in evaluation mode.

    Args:
        path: The file of its description, in the folder of all.
        description: What the file must say.
        build: Builds the model with random weights, which the folder's replace.

    Raises:
        FileNotFoundError: The folder lacks one of the files, or its weights were dropped.
        ValueError: A file is cut off, the weights do not fit the configuration, or the encoder
            needs code of its own.
    """
    folder = path.parent
    require_weights(folder)
    for name in (path.name, CONFIG_FILE, WEIGHTS_FILE):
        require_file(folder / name, path.name)
    found = read_description(path, description)
    with explained(f"The model in {folder}", COPY_AGAIN):
        require_files(folder)
        model = build(read_config(folder), found)
        model.load_state_dict(load_file(folder / WEIGHTS_FILE))
    return model.eval()
