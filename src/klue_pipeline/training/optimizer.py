"""Which weights learn, at which rate, and for how many steps: AdamW's groups, and freezing."""

import math
import re
from typing import Any

import torch
from torch import nn
from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from klue_pipeline.training.params import TrainingParams

_ENCODER = "encoder."
# BERT, RoBERTa, ELECTRA and XLM-R have encoder.layer.<i>, younger encoders layers.<i>; of two
# encoders side by side each has another name in front.
_LAYER = re.compile(r"^encoder\.(?:\w+\.){0,2}?layers?\.(\d+)\.")
_EMBEDDINGS = "embed"

FREEZABLE_PARTS = {"encoder": "encoder", "embeddings": "encoder.embeddings"}
"""Where the part that ``training.freeze`` names is found in a model."""


def build_optimizer(model: nn.Module, params: TrainingParams) -> torch.optim.AdamW:
    """Build AdamW (Loshchilov and Hutter, 2019) in its fused form.

    Weight decay leaves out biases and LayerNorm weights, which are all the one-dimensional
    parameters of an encoder.

    Raises:
        ValueError: ``params.layer_decay`` is set and the encoder's layers cannot be told apart.
    """
    rates = learning_rates(model, params)
    groups: dict[tuple[bool, float, bool], list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            key = (name.startswith(_ENCODER), rates[name], weight.ndim > 1)
            groups.setdefault(key, []).append(weight)
    return torch.optim.AdamW(
        [
            {
                "params": groups[in_encoder, rate, decays],
                "lr": rate,
                "weight_decay": params.weight_decay if decays else 0.0,
            }
            # Trainer logs the rate of the first group: the encoder's, and there the highest.
            for in_encoder, rate, decays in sorted(groups, reverse=True)
        ],
        lr=params.learning_rate,
        betas=(params.adam_beta1, params.adam_beta2),
        eps=params.adam_epsilon,
        fused=True,
    )


def learning_rates(model: nn.Module, params: TrainingParams) -> dict[str, float]:
    """Return at which rate each parameter learns, by its name.

    What is not under ``model.encoder`` is the head, and may learn at a rate of its own. With
    ``params.layer_decay`` d, layer l of the encoder's L learns at learning_rate * d^(L - 1 - l)
    and the embeddings at learning_rate * d^L: what lies lower was learned in pre-training and
    should move less (Howard and Ruder, "Universal Language Model Fine-tuning", ACL 2018, section
    3.2; Clark et al., "ELECTRA", ICLR 2020).

    Raises:
        ValueError: ``params.layer_decay`` is set and the encoder's layers cannot be told apart.
    """
    names = [name for name, _ in model.named_parameters()]
    rates = dict.fromkeys(names, params.head_learning_rate or params.learning_rate)
    encoder = [name for name in names if name.startswith(_ENCODER)]
    for name, depth in _depths_under_top(encoder, params.layer_decay).items():
        rates[name] = params.learning_rate * (params.layer_decay or 1.0) ** depth
    return rates


def _depths_under_top(encoder: list[str], layer_decay: float | None) -> dict[str, int]:
    if layer_decay is None:
        return dict.fromkeys(encoder, 0)
    layers = {name: int(found[1]) for name in encoder if (found := _LAYER.match(name))}
    if not layers:
        raise ValueError(
            f"training.layer_decay is {layer_decay}, but the layers of this encoder cannot be told "
            "apart: none of its weights is named layer.<number> or layers.<number>, but "
            f"{', '.join(encoder[:3]) or 'there is no encoder'}. Remove training.layer_decay."
        )
    top = max(layers.values())
    # What stands over the layers, such as a last LayerNorm, learns like the top one.
    others = {name: -1 if _EMBEDDINGS in name else top for name in encoder}
    return {name: top - layer for name, layer in (others | layers).items()}


def count_steps_per_epoch(batches_per_epoch: int, params: TrainingParams) -> int:
    """Return the number of optimizer steps of one epoch."""
    return math.ceil(batches_per_epoch / params.accumulation_steps)


def count_steps(steps_per_epoch: int, params: TrainingParams) -> int:
    """Return the number of optimizer steps of a whole training."""
    all_epochs = steps_per_epoch * params.epochs
    return all_epochs if params.max_steps is None else min(all_epochs, params.max_steps)


def count_warmup_steps(total_steps: int, params: TrainingParams) -> int:
    """Return over how many optimizer steps the learning rate rises from 0."""
    if params.warmup_steps is not None:
        return params.warmup_steps
    return math.ceil(total_steps * params.warmup_share)


class FreezePart(TrainerCallback):
    """Freeze a part of the model from one step to another, and let it learn before and after.

    The optimizer must have been built before the training starts, so that it holds the frozen
    weights too: weights without a gradient are left alone, by weight decay as well, and weights
    that thaw begin with a fresh AdamW state. Whether the part is frozen follows from the step
    alone, so a resumed training agrees with an unbroken one.

    Args:
        part: What to freeze.
        first_step: Optimizer steps after which it is frozen.
        last_step: Those after which it thaws; None never.
    """

    def __init__(self, part: nn.Module, first_step: int = 0, last_step: int | None = None) -> None:
        self._part = part
        self._first_step, self._last_step = first_step, last_step

    def on_step_begin(
        self,
        args: TrainingArguments,  # noqa: ARG002 (Trainer's signature)
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Freeze or thaw; the last epochs of a training may begin in the middle of one."""
        is_over = self._last_step is not None and state.global_step >= self._last_step
        self._part.requires_grad_(state.global_step < self._first_step or is_over)


def build_freezing(
    model: nn.Module, params: TrainingParams, steps_per_epoch: int, total_steps: int
) -> FreezePart:
    """Build the callback that freezes what ``params.freeze`` names.

    Args:
        model: The classifier, with its encoder as ``model.encoder``.
        params: What to freeze, and for how many epochs.
        steps_per_epoch: Optimizer steps of one epoch.
        total_steps: Those of the whole training.

    Raises:
        ValueError: The model has no such part.
    """
    part = find_part(model, str(params.freeze))
    if params.freeze_epochs is None:
        return FreezePart(part)
    frozen_steps = params.freeze_epochs * steps_per_epoch
    if params.freeze_at == "end":
        return FreezePart(part, first_step=total_steps - frozen_steps)
    return FreezePart(part, last_step=frozen_steps)


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
