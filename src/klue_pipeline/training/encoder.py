"""The encoder under every model: built small from scratch, or loaded from a folder or the hub.

Both ways return the same thing, so no code after this one asks where an encoder came from.
"""

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from torch import nn
from transformers import AutoConfig, AutoModel, BertConfig, PretrainedConfig, PreTrainedModel
from transformers.utils import logging as _transformers_logging

from klue_pipeline.training.params import EncoderParams

logger = logging.getLogger(__name__)
transformers_logging: Any = _transformers_logging  # it has no annotations

SCRATCH = "scratch"
# Position ids of these families start after the padding id, which costs them positions.
_OFFSET_POSITIONS = {"roberta", "xlm-roberta", "camembert", "xlm-roberta-xl"}


def build_encoder(params: EncoderParams, vocabulary_size: int, padding_id: int) -> PreTrainedModel:
    """Build or load the encoder that ``params`` names, in float32 and without a pooler.

    Args:
        params: Which encoder.
        vocabulary_size: Number of tokens of the tokenizer, special ones included. A loaded
            encoder with fewer embeddings gets new rows.
        padding_id: Token id of padding, for an encoder from scratch.

    Raises:
        ValueError: The encoder cannot be loaded, or it has fewer layers than asked for.
    """
    if params.name == SCRATCH:
        return encoder_from_config(_scratch_config(params, vocabulary_size, padding_id))
    encoder = _load(params)
    embeddings: Any = encoder.get_input_embeddings()
    if vocabulary_size > embeddings.num_embeddings:
        encoder.resize_token_embeddings(vocabulary_size)
    return _without_pooler(encoder)


def encoder_from_config(config: PretrainedConfig) -> PreTrainedModel:
    """Build an encoder with random weights, to be filled from a checkpoint or trained."""
    build: Any = AutoModel.from_config
    return _without_pooler(build(config, dtype=torch.float32))


def has_segments(config: PretrainedConfig) -> bool:
    """Tell whether the encoder has more than one segment type.

    klue/roberta has one, while its tokenizer emits ones for the second text of a pair: passing
    them on would index past the embedding table.
    """
    return int(getattr(config, "type_vocab_size", 0) or 0) > 1


def max_positions(config: PretrainedConfig) -> int:
    """Return the longest input in tokens that the encoder has positions for."""
    positions = int(config.max_position_embeddings)
    if config.model_type in _OFFSET_POSITIONS:
        return positions - int(config.pad_token_id) - 1
    return positions


def require_room(config: PretrainedConfig, max_tokens: int) -> None:
    """Refuse a ``max_tokens`` beyond the encoder's positions.

    Raises:
        ValueError: Naming both numbers.
    """
    if max_tokens > max_positions(config):
        raise ValueError(
            f"training.max_tokens is {max_tokens}, but the encoder has {max_positions(config)} "
            f"positions; set training.max_tokens to {max_positions(config)} or less."
        )


def _scratch_config(params: EncoderParams, vocabulary_size: int, padding_id: int) -> BertConfig:
    scratch = params.scratch
    if scratch is None:
        raise ValueError("encoder.name=scratch needs encoder.scratch, the sizes to build.")
    return BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=scratch.hidden_size,
        num_hidden_layers=params.num_hidden_layers or scratch.num_hidden_layers,
        num_attention_heads=scratch.num_attention_heads,
        intermediate_size=scratch.intermediate_size,
        max_position_embeddings=scratch.max_positions,
        pad_token_id=padding_id,
    )


def _load(params: EncoderParams) -> PreTrainedModel:
    # Code shipped inside a model repository is neither run nor asked about.
    source = {"revision": params.revision, "trust_remote_code": False}
    with _explained(params.name):
        config = AutoConfig.from_pretrained(params.name, **source)
    _limit_layers(config, params)
    with _explained(params.name), _progress_only_for_downloads(params.name):
        encoder, report = AutoModel.from_pretrained(
            params.name, config=config, dtype=torch.float32, output_loading_info=True, **source
        )
    _require_weights(params.name, report["missing_keys"])
    loaded: PreTrainedModel = encoder
    return loaded


def _require_weights(name: str, missing: Iterable[str]) -> None:
    # Transformers fills what a checkpoint lacks with random numbers and goes on: a checkpoint of
    # another architecture would train from nothing and only score badly.
    lacking = sorted(key for key in missing if not key.startswith("pooler."))
    if lacking:
        raise ValueError(
            f"The encoder {name!r} lacks {len(lacking)} weights that its config.json promises, "
            f"among them {', '.join(lacking[:3])}; they would start at random. Its files and its "
            "model_type do not belong together."
        )


@contextmanager
def _progress_only_for_downloads(name: str) -> Iterator[None]:
    if not Path(name).is_dir():
        yield
        return
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        transformers_logging.enable_progress_bar()


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except (OSError, KeyError, ValueError, RuntimeError, SafetensorError) as error:
        raise ValueError(
            f"The encoder {name!r} could not be loaded: {str(error).partition(chr(10))[0]} "
            "Give encoder.name a folder with config.json and model.safetensors, or a model id "
            "that this machine can download."
        ) from error


def _limit_layers(config: PretrainedConfig, params: EncoderParams) -> None:
    wanted = params.num_hidden_layers
    if wanted is None:
        return
    if wanted > config.num_hidden_layers:
        raise ValueError(
            f"encoder.num_hidden_layers is {wanted}, but {params.name} has only "
            f"{config.num_hidden_layers} layers."
        )
    logger.info("Keeping %d of %d layers of %s", wanted, config.num_hidden_layers, params.name)
    config.num_hidden_layers = wanted


def _without_pooler(encoder: PreTrainedModel) -> PreTrainedModel:
    # Heads read last_hidden_state. KLUE checkpoints ship no trained pooler, and weights that no
    # loss reaches would still be stored, decayed and counted.
    if isinstance(getattr(encoder, "pooler", None), nn.Module):
        encoder.pooler = None  # type: ignore[assignment]
    return encoder
