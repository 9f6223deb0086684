"""AdamW with its parameter groups: who decays, who learns at which rate, and for how many steps."""

import math
import re

import torch
from torch import nn

from klue_pipeline.training.params import TrainingParams

_ENCODER = "encoder."
# BERT, RoBERTa, ELECTRA and XLM-R have encoder.layer.<i>, younger encoders layers.<i>.
_LAYER = re.compile(r"^encoder\.(?:\w+\.)?layers?\.(\d+)\.")
_EMBEDDINGS = "embed"


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


def count_steps(batches_per_epoch: int, params: TrainingParams) -> int:
    """Return the number of optimizer steps of a whole training."""
    return math.ceil(batches_per_epoch / params.accumulation_steps) * params.epochs


def count_warmup_steps(total_steps: int, params: TrainingParams) -> int:
    """Return over how many optimizer steps the learning rate rises from 0."""
    if params.warmup_steps is not None:
        return params.warmup_steps
    return math.ceil(total_steps * params.warmup_share)
