"""Keep parts of an encoder as they are for the first epochs of a training, or for all of it."""

from typing import Any

from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from klue_pipeline.training.params import TrainingParams

FREEZABLE_PARTS = {"encoder": "encoder", "embeddings": "encoder.embeddings"}
"""Where the part that ``training.freeze`` names is found in a model."""


class FreezePart(TrainerCallback):
    """Freeze a part of the model until a step, then let it learn.

    The optimizer must have been built before the training starts, so that it holds the frozen
    weights too: weights without a gradient are left alone, by weight decay as well, and weights
    that thaw begin with a fresh AdamW state. Whether the part is frozen follows from the step
    alone, so a resumed training agrees with an unbroken one.

    Args:
        part: What to freeze.
        frozen_steps: Optimizer steps until it thaws; None never.
    """

    def __init__(self, part: nn.Module, frozen_steps: int | None) -> None:
        self._part = part
        self._frozen_steps = frozen_steps

    def on_epoch_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002 (Trainer's signature)
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Freeze or thaw; a resumed training comes by here before its first step too."""
        learns = self._frozen_steps is not None and state.global_step >= self._frozen_steps
        self._part.requires_grad_(learns)


def build_freezing(model: nn.Module, params: TrainingParams, steps_per_epoch: int) -> FreezePart:
    """Build the callback that freezes what ``params.freeze`` names.

    Args:
        model: The classifier, with its encoder as ``model.encoder``.
        params: What to freeze, and for how many epochs.
        steps_per_epoch: Optimizer steps of one epoch.

    Raises:
        ValueError: The model has no such part.
    """
    part = find_part(model, str(params.freeze))
    epochs = params.freeze_epochs
    return FreezePart(part, None if epochs is None else epochs * steps_per_epoch)


def find_part(model: nn.Module, name: str) -> nn.Module:
    """Return the module that ``training.freeze`` names.

    ``embeddings`` are words, positions and segments together with their LayerNorm; ``encoder`` is
    all that was pre-trained.

    Raises:
        ValueError: The model has no such part.
    """
    path = FREEZABLE_PARTS[name]
    try:
        return model.get_submodule(path)
    except AttributeError as error:
        raise ValueError(
            f"training.freeze is {name}, but this model has no {path}; it has "
            f"{', '.join(sorted(_two_levels(model)))}. Choose another part or remove "
            "training.freeze."
        ) from error


def _two_levels(model: nn.Module) -> list[str]:
    return [name for name, _ in model.named_modules() if name and name.count(".") <= 1]
