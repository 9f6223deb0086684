"""The encoder under every model: built small from scratch, or loaded from a folder or the hub.

Both ways return the same thing, so no code after this one asks where an encoder came from.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers import AutoModel, BertConfig, PretrainedConfig, PreTrainedModel
from transformers.utils import logging as _transformers_logging

from klue_pipeline.training.compute.attention import use_batched_attention
from klue_pipeline.training.loading.encoder_files import (
    OFFSET_POSITIONS,
    explained_encoder,
    require_encoder,
    require_finite,
)
from klue_pipeline.training.params import EncoderParams

logger = logging.getLogger(__name__)
transformers_logging: Any = _transformers_logging  # it has no annotations

SCRATCH = "scratch"


def build_encoder(
    params: EncoderParams,
    vocabulary_size: int,
    padding_id: int,
    describing_ids: Mapping[int, Sequence[int]] | None = None,
) -> PreTrainedModel:
    """Build or load the encoder that ``params`` names, in float32 and without a pooler.

    Args:
        params: Which encoder.
        vocabulary_size: Number of tokens of the tokenizer, special ones included. A loaded
            encoder with fewer embeddings gets new rows.
        padding_id: Token id of padding, for an encoder that names none.
        describing_ids: Token ids that the encoder has never seen, each with the ids of the pieces
            of a word that says what it stands for. A loaded encoder starts them at the mean of the
            pieces' embeddings; one from scratch knows no more of the pieces than of the tokens.

    Raises:
        ValueError: The encoder cannot be loaded, or it has fewer layers than asked for, or
            ``describing_ids`` names a token that there is not or describes one by nothing.
    """
    if params.name == SCRATCH:
        return encoder_from_config(scratch_config(params, vocabulary_size, padding_id))
    encoder, _ = load_pretrained(params)
    embeddings: Any = encoder.get_input_embeddings()
    if vocabulary_size > embeddings.num_embeddings:
        encoder.resize_token_embeddings(vocabulary_size)
    if encoder.config.pad_token_id is None:
        encoder.config.pad_token_id = padding_id
    embed_by_description(encoder, describing_ids or {})
    return without_pooler(encoder)


def embed_by_description(
    encoder: PreTrainedModel, describing_ids: Mapping[int, Sequence[int]]
) -> None:
    """Set the embedding of each token to the mean of those of its describing pieces.

    Changes the encoder in place; the embeddings of all other tokens stay as they are.

    Args:
        encoder: An encoder that has embeddings for all tokens named.
        describing_ids: Token id -> ids of the pieces of the word that describes it.

    Raises:
        ValueError: A token is described by no piece, or an id has no embedding.
    """
    embeddings: Any = encoder.get_input_embeddings()
    _require_embeddings(describing_ids, embeddings.num_embeddings)
    means = {
        token_id: embeddings.weight.detach()[list(piece_ids)].mean(dim=0)
        for token_id, piece_ids in describing_ids.items()
    }
    with torch.no_grad():
        for token_id, mean in means.items():
            embeddings.weight[token_id] = mean


def _require_embeddings(describing_ids: Mapping[int, Sequence[int]], count: int) -> None:
    bare = sorted(token_id for token_id, piece_ids in describing_ids.items() if not piece_ids)
    if bare:
        raise ValueError(
            f"The tokens {bare} are described by no piece; give each the ids of its word's pieces."
        )
    named = set(describing_ids).union(*describing_ids.values())
    beyond = sorted(token_id for token_id in named if not 0 <= token_id < count)
    if beyond:
        raise ValueError(
            f"The encoder has {count} embeddings, but describing_ids names the tokens {beyond}; "
            "pass the tokenizer's length as vocabulary_size."
        )


def encoder_from_config(config: PretrainedConfig) -> PreTrainedModel:
    """Build an encoder with random weights, to be filled from a checkpoint or trained."""
    build: Any = AutoModel.from_config
    encoder: PreTrainedModel = build(config, dtype=torch.float32)
    use_batched_attention(encoder)
    return without_pooler(encoder)


def has_segments(config: PretrainedConfig) -> bool:
    """Tell whether the encoder has more than one segment type.

    klue/roberta has one, while its tokenizer emits ones for the second text of a pair: passing
    them on would index past the embedding table.
    """
    return int(getattr(config, "type_vocab_size", 0) or 0) > 1


def max_positions(config: PretrainedConfig) -> int:
    """Return the longest input in tokens that the encoder has positions for."""
    positions = int(config.max_position_embeddings)
    if config.model_type in OFFSET_POSITIONS:
        return positions - int(config.pad_token_id) - 1
    return positions


def require_room(
    config: PretrainedConfig, max_tokens: int, setting: str = "training.max_tokens"
) -> None:
    """Refuse a ``max_tokens`` beyond the encoder's positions.

    Args:
        config: Of the encoder.
        max_tokens: Longest input.
        setting: What it was given by, for messages.

    Raises:
        ValueError: Naming both numbers.
    """
    if max_tokens > max_positions(config):
        raise ValueError(
            f"{setting} is {max_tokens}, but the encoder has {max_positions(config)} "
            f"positions; set {setting} to {max_positions(config)} or less."
        )


def scratch_config(params: EncoderParams, vocabulary_size: int, padding_id: int) -> BertConfig:
    """Return the configuration of the encoder to build when there is nothing to load.

    Raises:
        ValueError: ``params.scratch`` with the sizes is missing.
    """
    scratch = params.scratch
    if scratch is None:
        raise ValueError("encoder.name=scratch needs encoder.scratch, the sizes to build.")
    config = BertConfig(
        vocab_size=vocabulary_size,
        hidden_size=scratch.hidden_size,
        num_hidden_layers=params.num_hidden_layers or scratch.num_hidden_layers,
        num_attention_heads=scratch.num_attention_heads,
        intermediate_size=scratch.intermediate_size,
        max_position_embeddings=scratch.max_positions,
        pad_token_id=padding_id,
    )
    _set_dropout(config, params)
    return config


def load_pretrained(
    params: EncoderParams, model_class: Any = AutoModel, setting: str = "encoder.name"
) -> tuple[PreTrainedModel, set[str]]:
    """Load a model in float32, and refuse one whose encoder would start at random.

    Args:
        params: Which encoder.
        model_class: The class of Transformers that chooses the architecture: ``AutoModel`` for the
            encoder alone, ``AutoModelForMaskedLM`` for an encoder below a head.
        setting: What the encoder's name was given by, for messages.

    Returns:
        The model, and the names of the weights that its checkpoint does not hold, which start at
        random: those outside of the encoder, and its pooler's.

    Raises:
        ValueError: Nothing can be loaded, it has fewer layers than asked for, or weights of the
            encoder are missing or no numbers.
    """
    config = require_encoder(params, setting)
    _limit_layers(config, params)
    _set_dropout(config, params)
    with explained_encoder(params.name, setting), _progress_only_for_downloads(params.name):
        model, report = model_class.from_pretrained(
            params.name,
            config=config,
            dtype=torch.float32,
            output_loading_info=True,
            revision=params.revision,
            trust_remote_code=False,
            use_safetensors=True,
        )
        require_finite(params.name, model)
    use_batched_attention(model)
    inside = "" if model.base_model is model else f"{model.base_model_prefix}."
    missing = set(report["missing_keys"])
    of_encoder = {
        name
        for name in missing
        if name.startswith(inside) and not name.startswith(f"{inside}pooler.")
    }
    _require_weights(params.name, [name.removeprefix(inside) for name in of_encoder])
    return model, missing - of_encoder


def _require_weights(name: str, missing: Iterable[str]) -> None:
    # Transformers fills what a checkpoint lacks with random numbers and goes on: a checkpoint of
    # another architecture would train from nothing and only score badly.
    lacking = sorted(missing)
    if lacking:
        raise ValueError(
            f"The encoder {name!r} lacks {len(lacking)} weights that its config.json promises, "
            f"among them {', '.join(lacking[:3])}; they would start at random. Its files and its "
            "model_type do not belong together."
        )


def _progress_only_for_downloads(name: str) -> AbstractContextManager[None]:
    return without_progress_bar() if Path(name).is_dir() else nullcontext()


@contextmanager
def without_progress_bar() -> Iterator[None]:
    """Keep Transformers from drawing a bar for files that are read or written at once."""
    was_enabled = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if was_enabled:
            transformers_logging.enable_progress_bar()


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


_DROPOUTS = (
    "hidden_dropout_prob", "attention_probs_dropout_prob", "embd_pdrop", "attention_dropout",
    "hidden_dropout", "embedding_dropout", "mlp_dropout", "dropout",
)  # fmt: skip
"""What configurations of Transformers call it, one family or the other."""


def _set_dropout(config: PretrainedConfig, params: EncoderParams) -> None:
    known = [name for name in _DROPOUTS if hasattr(config, name)]
    for name in known if params.dropout is not None else ():
        setattr(config, name, params.dropout)


def without_pooler(encoder: PreTrainedModel) -> PreTrainedModel:
    """Remove the pooler of an encoder whose ``last_hidden_state`` is all that is read.

    KLUE checkpoints ship no trained one, and weights that no loss reaches would still be stored,
    decayed and counted.
    """
    if isinstance(getattr(encoder, "pooler", None), nn.Module):
        encoder.pooler = None  # type: ignore[assignment]
    return encoder
