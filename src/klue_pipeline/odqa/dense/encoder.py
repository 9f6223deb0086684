"""The encoders of a dense retriever: how they are loaded, and how a text becomes a vector.

A retriever has one encoder for questions and one for passages, which may be the same.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from klue_pipeline.odqa.dense.encoder_folders import PASSAGE_FOLDER, QUESTION_FOLDER
from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.encoder import load_pretrained, require_room, without_pooler
from klue_pipeline.training.fingerprint import hash_encoder_folder
from klue_pipeline.training.params import EncoderParams, Precision
from klue_pipeline.training.tokenizer import load_tokenizer

Pooling = Callable[[Tensor, Tensor], Tensor]
"""(states (batch, tokens, width), mask (batch, tokens)) -> vectors (batch, width)."""


def _mean(states: Tensor, mask: Tensor) -> Tensor:
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1)


def _first(states: Tensor, mask: Tensor) -> Tensor:  # noqa: ARG001 (as the other one)
    return states[:, 0]


POOLINGS: dict[str, Pooling] = {"mean": _mean, "cls": _first}
"""What of an encoder's states becomes the vector of a text, by ``pooling``."""


@dataclass(frozen=True)
class TextEncoder:
    """An encoder with its tokenizer, on its device, and what its vectors depend on.

    Attributes:
        model: The encoder, without a pooler, evaluating.
        tokenizer: Its tokenizer.
        precision: A resolved precision, not ``auto``.
        source: What tells this encoder from others: a hash of its files, or hub id and revision.
    """

    model: nn.Module
    tokenizer: PreTrainedTokenizerBase
    precision: Precision
    source: str

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.model.parameters()).device

    def fingerprint(self, params: RetrieverParams) -> str:
        """Return a hash of what decides the vector of a passage, but for its text."""
        fields = ("pooling", "similarity", "max_passage_tokens")
        settings = params.model_dump(include=set(fields))
        text = json.dumps([self.source, self.precision, settings], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Placement:
    """Where texts are embedded and in which precision, as the settings of a training say it."""

    device: str
    precision: Precision


BEST_PLACE = Placement("auto", "auto")
"""The first GPU in fp16 where there is one, else the CPU."""


@dataclass(frozen=True)
class EncoderNames:
    """What a retriever embeds with; of shared weights both are the same."""

    question: EncoderParams
    passage: EncoderParams


def choose_encoders(
    params: RetrieverParams, encoder: EncoderParams, trained: Path | None = None
) -> EncoderNames:
    """Return what a dense retriever embeds with: trained here, its own, or the experiment's.

    Args:
        params: A dense retriever.
        encoder: The experiment's encoder, for a retriever that has none of its own.
        trained: Folder of the trained retriever, for one with ``trained``.

    Raises:
        ValueError: The trained retriever is wanted and not given.
    """
    if params.trained:
        return _trained_encoders(trained)
    if params.question_encoder and params.passage_encoder:
        return EncoderNames(
            EncoderParams(name=params.question_encoder), EncoderParams(name=params.passage_encoder)
        )
    return EncoderNames(encoder, encoder)


def _trained_encoders(trained: Path | None) -> EncoderNames:
    if trained is None:
        raise ValueError("The retriever is to be trained first; give the trained one's folder.")
    folders = [trained / QUESTION_FOLDER, trained / PASSAGE_FOLDER]
    question, passage = (EncoderParams(name=str(folder)) for folder in folders)
    shared = len({hash_encoder_folder(folder) for folder in folders}) == 1
    return EncoderNames(passage if shared else question, passage)


def load_encoder(
    encoder: EncoderParams, params: RetrieverParams, placement: Placement = BEST_PLACE
) -> TextEncoder:
    """Load an encoder that embeds texts of a retriever.

    Args:
        encoder: Which one; a folder in its name is taken as it is, so resolve it against the
            project's root before.
        params: A dense retriever.
        placement: Where it embeds, and how.

    Raises:
        OSError: A folder is missing.
        ValueError: The encoder or its tokenizer cannot be used, or its positions are fewer than
            the tokens of a passage.
    """
    device = resolve_device(placement.device, "odqa.retriever_training.device")
    model, _ = load_pretrained(encoder, setting="odqa.encoder.name")
    tokenizer = load_tokenizer(encoder.name, encoder.revision, "odqa.encoder.name")
    for field in ("max_question_tokens", "max_passage_tokens"):
        require_room(model.config, getattr(params, field), f"the retriever's {field}")
    embedding: nn.Module = without_pooler(model)
    return TextEncoder(
        model=embedding.to(device).eval(),
        tokenizer=cast(PreTrainedTokenizerBase, tokenizer),
        precision=resolve_precision(
            placement.precision, device, "odqa.retriever_training.precision"
        ),
        source=describe_source(encoder),
    )


def describe_source(params: EncoderParams) -> str:
    """Return what tells an encoder from others: of a folder its content, of a hub id its name."""
    folder = Path(params.name)
    files = hash_encoder_folder(folder) if folder.is_dir() else f"{params.name}@{params.revision}"
    return f"{files}, {params.num_hidden_layers or 'all'} layers"


def embed_batch(encoder: nn.Module, batch: Batch, params: RetrieverParams) -> Tensor:
    """Return the vectors of a batch of texts, float32. Shape: (batch, width).

    Args:
        encoder: Returns ``last_hidden_state``, of shape (batch, tokens, width).
        batch: ``input_ids`` and ``attention_mask``, on the encoder's device.
        params: How states become a vector.
    """
    mask = batch["attention_mask"]
    states = encoder(input_ids=batch["input_ids"], attention_mask=mask).last_hidden_state
    vectors = POOLINGS[str(params.pooling)](states.float(), mask)
    return nn.functional.normalize(vectors, dim=-1) if params.similarity == "cosine" else vectors
