"""AdamW with the usual parameter groups, and how long its learning rate warms up."""

import math

import torch
from torch import nn

from klue_pipeline.training.params import TrainingParams

_ENCODER = "encoder."


def build_optimizer(model: nn.Module, params: TrainingParams) -> torch.optim.AdamW:
    """Build AdamW (Loshchilov and Hutter, 2019) in its fused form.

    Weight decay leaves out biases and LayerNorm weights, which are all the one-dimensional
    parameters of an encoder. What is not under ``model.encoder`` is the head, and may learn at a
    rate of its own.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            groups.setdefault((name.startswith(_ENCODER), weight.ndim > 1), []).append(weight)
    head_rate = params.head_learning_rate or params.learning_rate
    return torch.optim.AdamW(
        [
            {
                "params": weights,
                "lr": params.learning_rate if in_encoder else head_rate,
                "weight_decay": params.weight_decay if decays else 0.0,
            }
            for (in_encoder, decays), weights in groups.items()
        ],
        lr=params.learning_rate,
        betas=(params.adam_beta1, params.adam_beta2),
        eps=params.adam_epsilon,
        fused=True,
    )


def count_steps(batches_per_epoch: int, params: TrainingParams) -> int:
    """Return the number of optimizer steps of a whole training."""
    return math.ceil(batches_per_epoch / params.accumulation_steps) * params.epochs


def count_warmup_steps(total_steps: int, params: TrainingParams) -> int:
    """Return over how many optimizer steps the learning rate rises from 0."""
    if params.warmup_steps is not None:
        return params.warmup_steps
    return math.ceil(total_steps * params.warmup_share)
