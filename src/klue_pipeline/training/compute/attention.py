"""Attention on a CPU as batched matrix products, which there beat PyTorch's fused kernel.

The fused kernel's backward pass takes several times as long as all matrix products of a layer, and
it leaves the fused path as soon as there is dropout. Here the probabilities of all pairs of tokens
are computed at once and kept for the backward pass: batch x heads x tokens² values a layer, which
sentences and passages of a few hundred tokens allow. Other devices keep Transformers' own way.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import bidirectional_mask_function, sdpa_mask

from klue_pipeline.training.compute.dropout import keep_scaled, present_masks

BATCHED_ATTENTION = "batched_products_on_cpu"
"""What Transformers calls it here, beside ``sdpa``."""

_REPLACED = "sdpa"

_VALUES_AT_ONCE = 2**21
"""Probabilities between two steps: 8 MiB in float32."""

_UNKNOWN = ("position_bias", "cache", "softcap")
"""Arguments of Transformers' own way that the products leave to it."""


def use_batched_attention(encoder: PreTrainedModel) -> None:
    """Let an encoder that uses PyTorch's fused attention compute it by products on a CPU."""
    if encoder.config._attn_implementation == _REPLACED:
        encoder.set_attn_implementation(BATCHED_ATTENTION)


def attend(  # noqa: PLR0913, PLR0917 (Transformers' signature)
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attention_mask: Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[Tensor, None]:
    """Return what each token gathers from the others, by the interface of Transformers.

    Args:
        module: The attention layer.
        query: Shape: (batch, heads, tokens, width); ``key`` and ``value`` alike.
        key: What queries are compared with.
        value: What is gathered.
        attention_mask: Whether a token may look at another one; None if it always may. Shape:
            (batch, 1, tokens, tokens).
        dropout: Share of the attention probabilities that is dropped.
        scaling: What the products of queries and keys are multiplied by.
        kwargs: What only Transformers' own way knows.

    Returns:
        Shape: (batch, tokens, heads, width); and no probabilities.
    """
    masks = present_masks() if dropout else None
    if not _applies(module, query, key, attention_mask, kwargs) or (dropout and masks is None):
        return sdpa_attention_forward(
            module, query, key, value, attention_mask, dropout, scaling, **kwargs
        )
    query, key, value = (_as_autocast(part) for part in (query, key, value))
    batch, heads, tokens, _ = query.shape
    keep, keep_scale = None, 1.0
    if masks is not None:
        keep, keep_scale = masks.draw((batch * heads, tokens, key.shape[2]), dropout)
    bias = None if attention_mask is None else _bias(attention_mask)
    scaling = query.shape[-1] ** -0.5 if scaling is None else scaling
    gathered: Tensor = _Attention.apply(  # type: ignore[no-untyped-call]
        query, key, value, bias, scaling, keep, keep_scale
    )
    return gathered, None


def _applies(
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    attention_mask: Tensor | None,
    kwargs: Mapping[str, Any],
) -> bool:
    """Tell whether the products below say the same as Transformers' own way."""
    is_causal = kwargs.get("is_causal")
    is_causal = getattr(module, "is_causal", True) if is_causal is None else is_causal
    return (
        not is_recorded()
        and query.device.type == "cpu"
        and query.shape[:2] == key.shape[:2]
        and (not is_causal if attention_mask is None else attention_mask.dtype == torch.bool)
        and all(kwargs.get(name) is None for name in _UNKNOWN)
    )


def is_recorded() -> bool:
    """Tell whether a graph is made of what runs, which is to hold PyTorch's own operator."""
    is_traced: bool = torch.jit.is_tracing()  # type: ignore[attr-defined,no-untyped-call]
    return is_traced or torch.compiler.is_compiling()


def _as_autocast(states: Tensor) -> Tensor:
    """Cast what autocast casts for PyTorch's own attention; rotary positions leave float32."""
    casts = torch.is_autocast_enabled("cpu")
    return states.to(torch.get_autocast_dtype("cpu")) if casts else states


def _bias(attention_mask: Tensor) -> Tensor:
    """Return what is added to the scores; one line for all tokens that may look at the same."""
    if attention_mask.stride(-2) == 0:
        attention_mask = attention_mask[..., :1, :]
    forbidden = torch.finfo(torch.float32).min
    return torch.zeros(attention_mask.shape).masked_fill_(~attention_mask, forbidden)


class _Attention(torch.autograd.Function):
    """softmax(query key^T scaling + bias) value, after Vaswani et al. (2017), equation 1.

    Heads of all rows are taken some at a time, so that what lies between two steps stays in the
    processor's cache and is not asked of the operating system anew.
    """

    @staticmethod
    def forward(  # noqa: PLR0913, PLR0917 (what attention is computed from)
        ctx: Any,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        bias: Tensor | None,
        scaling: float,
        keep: Tensor | None,
        keep_scale: float,
    ) -> Tensor:
        batch, heads, tokens, _ = query.shape
        query, key, value = (
            part.reshape(batch * heads, *part.shape[2:]) for part in (query, key, value)
        )
        if bias is not None:
            bias = bias.expand(batch, heads, -1, -1)
        learns = any(ctx.needs_input_grad)
        probabilities = query.new_empty(batch * heads if learns else 0, tokens, key.shape[1])
        gathered = query.new_empty(batch * heads, tokens, value.shape[-1])
        for part in _parts(batch * heads, tokens * key.shape[1]):
            found = _probabilities(query[part], key[part], _of_heads(bias, part), scaling)
            if learns:
                probabilities[part] = found
            torch.bmm(_keep(found, _at(keep, part), keep_scale), value[part], out=gathered[part])
        ctx.save_for_backward(query, key, value, probabilities, keep)
        ctx.scaling, ctx.keep_scale = scaling, keep_scale
        return gathered.view(batch, heads, tokens, -1).transpose(1, 2)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Any:
        query, key, value, probabilities, keep = ctx.saved_tensors
        batch, tokens, heads, width = gradient.shape
        gradient = gradient.transpose(1, 2).reshape(batch * heads, tokens, width)
        of_query, of_key, of_value = (torch.empty_like(part) for part in (query, key, value))
        for part in _parts(len(query), probabilities[0].numel()):
            kept = _keep(probabilities[part], _at(keep, part), ctx.keep_scale)
            torch.bmm(kept.transpose(1, 2), gradient[part], out=of_value[part])
            of_kept = torch.bmm(gradient[part], value[part].transpose(1, 2))
            of_scores = torch._softmax_backward_data(
                _keep(of_kept, _at(keep, part), ctx.keep_scale),
                probabilities[part],
                -1,
                probabilities.dtype,
            )
            torch.bmm(of_scores, key[part], out=of_query[part])
            torch.bmm(of_scores.transpose(1, 2), query[part], out=of_key[part])
        of_query.mul_(ctx.scaling)
        of_key.mul_(ctx.scaling)
        gradients = (
            part.view(batch, heads, *part.shape[1:]) for part in (of_query, of_key, of_value)
        )
        return *gradients, None, None, None, None


def _probabilities(query: Tensor, key: Tensor, bias: Tensor | None, scaling: float) -> Tensor:
    # In float32: bfloat16's softmax is several times as slow where rows are no multiple of 32.
    products = torch.bmm(query, key.transpose(1, 2))
    scores = products.to(torch.promote_types(products.dtype, torch.float32)).mul_(scaling)
    if bias is not None:
        scores.add_(bias)
    return torch.softmax(scores, dim=-1).to(products.dtype)


def _parts(heads: int, values: int) -> Iterator[slice]:
    at_once = max(1, _VALUES_AT_ONCE // values)
    for start in range(0, heads, at_once):
        yield slice(start, min(start + at_once, heads))


def _of_heads(bias: Tensor | None, part: slice) -> Tensor | None:
    """Return the biases of some heads of some rows; those of all are a view, which stays one."""
    if bias is None:
        return None
    places = torch.arange(part.start, part.stop)
    return bias[places // bias.shape[1], places % bias.shape[1]]


def _at(values: Tensor | None, part: slice) -> Tensor | None:
    return None if values is None else values[part]


def _keep(values: Tensor, keep: Tensor | None, scale: float) -> Tensor:
    return values if keep is None else keep_scaled(values, keep, scale)


def _mask(*, mask_function: Callable[..., Any], q_length: int, **kwargs: Any) -> Tensor | None:
    """Return Transformers' mask; where padding alone is masked, as a view of one line a row."""
    is_padding_alone = mask_function is bidirectional_mask_function and not is_recorded()
    mask: Tensor | None = sdpa_mask(
        mask_function=mask_function, q_length=1 if is_padding_alone else q_length, **kwargs
    )
    return mask if mask is None else mask.expand(-1, -1, q_length, -1)


AttentionInterface.register(BATCHED_ATTENTION, attend)
AttentionMaskInterface.register(BATCHED_ATTENTION, _mask)
