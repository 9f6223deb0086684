"""The last layer of an encoder, computed only for the tokens whose states are read.

A head reads a few states of a row, and what the last layer makes of all others is thrown away. Keys
and values are needed of every token; the rest, five sixths of a layer's matrix products, only of
those that are read. Their states are the same but for rounding, and so are all gradients.
"""

from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from klue_pipeline.training.compute.attention import BATCHED_ATTENTION

READ_PLACES = "read_places"
"""Argument of an encoder: the places of the tokens that are read. Shape: (batch, read)."""

_LAYERS = frozenset({"BertLayer", "CamembertLayer", "ElectraLayer", "RobertaLayer"})
_LAYERS |= {"XLMRobertaLayer"}
"""Classes of Transformers whose layers have the parts that are called below."""

_KERNELS = frozenset({BATCHED_ATTENTION, "sdpa"})
"""Attention that takes fewer queries than keys, with a mask of (batch, 1, queries, keys)."""


def compute_last_layer_where_read(encoder: PreTrainedModel) -> bool:
    """Let an encoder take :data:`READ_PLACES`, and return the states of these tokens alone.

    Without the argument it returns the states of all tokens, as before.

    Returns:
        Whether it can; other families of encoders, and other kinds of attention, are left alone.
    """
    layers = getattr(getattr(encoder, "encoder", None), "layer", None)
    if (
        not isinstance(layers, nn.ModuleList)
        or type(layers[-1]).__name__ not in _LAYERS
        or encoder.config._attn_implementation not in _KERNELS
        or getattr(encoder.config, "is_decoder", False)
    ):
        return False
    layers[-1].forward = MethodType(_forward, layers[-1])
    return True


def _forward(
    layer: Any,
    hidden_states: Tensor,
    attention_mask: Tensor | None = None,
    *others: Any,
    read_places: Tensor | None = None,
    **kwargs: Any,
) -> Tensor:
    """Return the states of the tokens that are read. Shape: (batch, read, width)."""
    states: Tensor
    if read_places is None:
        states = type(layer).forward(layer, hidden_states, attention_mask, *others, **kwargs)
        return states
    rows = torch.arange(read_places.shape[0], device=read_places.device).unsqueeze(1)  # (batch, 1)
    read = hidden_states[rows, read_places]
    gathered = _attend(layer.attention.self, read, hidden_states, attention_mask)
    states = layer.feed_forward_chunk(layer.attention.output(gathered, read))
    return states


def _attend(
    attention: Any, read: Tensor, hidden_states: Tensor, attention_mask: Tensor | None
) -> Tensor:
    """Return what the tokens that are read gather from all. Shape: (batch, read, width)."""
    query, key, value = (
        part(states).unflatten(-1, (-1, attention.attention_head_size)).transpose(1, 2)
        for part, states in (
            (attention.query, read),
            (attention.key, hidden_states),
            (attention.value, hidden_states),
        )
    )
    if attention_mask is not None:  # of padding alone: one line for all tokens of a row
        attention_mask = attention_mask[:, :, :1].expand(-1, -1, query.shape[2], -1)
    attend = ALL_ATTENTION_FUNCTIONS[attention.config._attn_implementation]
    gathered: Tensor = attend(
        attention,
        query,
        key,
        value,
        attention_mask,
        dropout=attention.dropout.p if attention.training else 0.0,
        scaling=attention.scaling,
    )[0]
    return gathered.flatten(start_dim=2)
