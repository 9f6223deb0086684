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
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from klue_pipeline.odqa.settings.retriever_params import RetrieverParams
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.encoder import load_pretrained, require_room, without_pooler
from klue_pipeline.training.fingerprint import hash_encoder_folder
from klue_pipeline.training.params import EncoderParams, Precision
from klue_pipeline.training.tokenizer import load_tokenizer

QUESTION_FOLDER, PASSAGE_FOLDER = "q_encoder", "p_encoder"
"""Where a trained retriever's encoders lie in its folder."""

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

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    precision: Precision
    source: str

    def fingerprint(self, params: RetrieverParams) -> str:
        """Return a hash of what decides the vector of a passage, but for its text."""
        fields = ("pooling", "similarity", "max_passage_tokens")
        settings = params.model_dump(include=set(fields))
        text = json.dumps([self.source, self.precision, settings], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Encoders:
    """The two encoders of a retriever; with shared weights both are one object."""

    question: TextEncoder
    passage: TextEncoder


def load_encoders(
    params: RetrieverParams,
    encoder: EncoderParams,
    trained: Path | None = None,
    *,
    device: str = "auto",
    precision: Precision = "auto",
) -> Encoders:
    """Load what a dense retriever embeds with.

    Args:
        params: A dense retriever.
        encoder: The experiment's encoder, read where ``params`` names none and none was trained.
            A folder in its name is taken as it is, so resolve it against the project's root before.
        trained: Folder of the trained retriever, for one with ``trained``.
        device: Where to embed; ``odqa.retriever_training.device``.
        precision: How; ``odqa.retriever_training.precision``.

    Raises:
        OSError: A folder is missing.
        ValueError: An encoder or its tokenizer cannot be used, or is too short for the texts.
    """
    question, passage = _names_of_encoders(params, encoder, trained)
    place = resolve_device(device, "odqa.retriever_training.device")
    exact = resolve_precision(precision, place, "odqa.retriever_training.precision")
    of_passages = _load(passage, place, exact)
    _require_room(of_passages, "max_passage_tokens", params)
    of_questions = of_passages if question == passage else _load(question, place, exact)
    _require_room(of_questions, "max_question_tokens", params)
    return Encoders(of_questions, of_passages)


def _names_of_encoders(
    params: RetrieverParams, encoder: EncoderParams, trained: Path | None
) -> tuple[EncoderParams, EncoderParams]:
    if params.trained:
        if trained is None:
            raise ValueError("The retriever is to be trained first; give the trained one's folder.")
        question, passage = (
            EncoderParams(name=str(trained / name)) for name in (QUESTION_FOLDER, PASSAGE_FOLDER)
        )
        same = hash_encoder_folder(Path(question.name)) == hash_encoder_folder(Path(passage.name))
        return (passage if same else question), passage
    if params.question_encoder and params.passage_encoder:
        return (
            EncoderParams(name=params.question_encoder),
            EncoderParams(name=params.passage_encoder),
        )
    return encoder, encoder


def _load(params: EncoderParams, device: torch.device, precision: Precision) -> TextEncoder:
    setting = "odqa.encoder.name"
    model, _ = load_pretrained(params, setting=setting)
    tokenizer = load_tokenizer(params.name, params.revision, setting)
    return TextEncoder(
        model=without_pooler(model).to(device).eval(),  # type: ignore[arg-type]
        tokenizer=cast(PreTrainedTokenizerBase, tokenizer),
        precision=precision,
        source=describe_source(params),
    )


def describe_source(params: EncoderParams) -> str:
    """Return what tells an encoder from others: of a folder its content, of a hub id its name."""
    folder = Path(params.name)
    files = hash_encoder_folder(folder) if folder.is_dir() else f"{params.name}@{params.revision}"
    return f"{files}, {params.num_hidden_layers or 'all'} layers"


def _require_room(encoder: TextEncoder, field: str, params: RetrieverParams) -> None:
    require_room(encoder.model.config, getattr(params, field), f"{field} of the retriever")


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
