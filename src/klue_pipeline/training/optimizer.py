"""AdamW with the usual parameter groups, and how long its learning rate warms up."""

import math

import torch
from torch import nn

from klue_pipeline.training.params import TrainingParams


def build_optimizer(model: nn.Module, params: TrainingParams) -> torch.optim.AdamW:
    """Build AdamW (Loshchilov and Hutter, 2019) in its fused form.

    Weight decay leaves out biases and LayerNorm weights, which are all the one-dimensional
    parameters of an encoder.
    """
    trainable = [weight for weight in model.parameters() if weight.requires_grad]
    groups = [
        {"params": [w for w in trainable if w.ndim > 1], "weight_decay": params.weight_decay},
        {"params": [w for w in trainable if w.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups,
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
