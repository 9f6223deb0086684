"""A model that reads question and passage together: loaded, built to be trained, and stored."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn
from transformers import (
    AutoModelForSequenceClassification,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)

from klue_pipeline.training.encoder import (
    SCRATCH,
    has_segments,
    load_pretrained,
    require_room,
    scratch_config,
    without_progress_bar,
)
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.training.tokenizer import load_tokenizer

_MODEL = "odqa.rerank.model"
_YES_AND_NO = 2


class CrossEncoder(nn.Module):
    """Scores pairs of question and passage; the higher, the better the passage.

    The model's parts stand here as ``encoder`` and ``head``, where optimizer and freezing look for
    them. The head computes in float32 whatever the precision: bfloat16 has three digits, in which
    the best passages of a question would score alike.

    Args:
        model: A model for sequence classification with one label, or with two, of which the second
            says yes.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.encoder = model.base_model
        self.head = nn.ModuleDict(
            {name: part for name, part in model.named_children() if part is not model.base_model}
        )
        for part in self.head.values():
            _compute_in_float32(part)
        self._whole = (model,)  # in a tuple, so that its weights are not registered twice

    @property
    def model(self) -> PreTrainedModel:
        """The model that Transformers loads and stores."""
        return self._whole[0]

    def forward(self, **inputs: Tensor) -> Tensor:
        """Score pairs.

        Args:
            **inputs: ``input_ids`` and ``attention_mask`` (and ``token_type_ids``), of shape
                (pairs, tokens).

        Returns:
            Scores, float32; of two labels the logarithm of their odds. Shape: (pairs,).
        """
        logits: Tensor = cast(Any, self.model)(**inputs).logits.float()
        return logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]


def _compute_in_float32(part: nn.Module) -> None:
    forward = part.forward

    def in_float32(states: Tensor, *further: Any, **named: Any) -> Any:
        with torch.autocast(states.device.type, enabled=False):
            return forward(states.float(), *further, **named)

    part.forward = in_float32


@dataclass(frozen=True)
class Reranker:
    """A cross-encoder with its tokenizer.

    Attributes:
        model: On its device, evaluating.
        tokenizer: Its tokenizer.
        segments: Whether it reads segment numbers.
    """

    model: CrossEncoder
    tokenizer: PreTrainedTokenizerBase
    segments: bool

    def save_pretrained(self, folder: Path) -> None:
        """Write it into a folder that ``AutoModelForSequenceClassification`` opens."""
        self.tokenizer.save_pretrained(str(folder))
        with without_progress_bar():
            self.model.model.save_pretrained(folder)


def load_reranker(name: str, max_tokens: int) -> Reranker:
    """Load a cross-encoder that was trained, here or elsewhere.

    Args:
        name: A folder, or a hub id.
        max_tokens: Longest pair.

    Raises:
        OSError: There is no such folder.
        ValueError: It is no model for sequence classification with one label or two, its head
            would start at random, or it has too few positions.
    """
    model, new = load_pretrained(
        EncoderParams(name=name), AutoModelForSequenceClassification, _MODEL
    )
    if new:
        raise ValueError(
            f"{_MODEL} is {name!r}, which has no trained head for sequence classification: "
            f"{', '.join(sorted(new)[:3])} would start at random. Name a cross-encoder, or set "
            f"{_MODEL}=trained to train odqa.encoder as one."
        )
    if model.config.num_labels not in (1, _YES_AND_NO):
        raise ValueError(
            f"{_MODEL} is {name!r}, which tells {model.config.num_labels} labels apart; wanted is "
            "a cross-encoder with one score, or with no and yes."
        )
    require_room(model.config, max_tokens, "odqa.rerank.max_tokens")
    tokenizer = cast(PreTrainedTokenizerBase, load_tokenizer(name, setting=_MODEL))
    return Reranker(CrossEncoder(model).eval(), tokenizer, has_segments(model.config))


def build_reranker(
    encoder: EncoderParams, tokenizer: PreTrainedTokenizerBase, max_tokens: int
) -> Reranker:
    """Build the untrained cross-encoder: the encoder as loaded or from scratch, a new head.

    Args:
        encoder: Which encoder.
        tokenizer: Its tokenizer.
        max_tokens: Longest pair.

    Raises:
        ValueError: The encoder cannot be loaded, or has too few positions.
    """
    if encoder.name == SCRATCH:
        config = scratch_config(encoder, len(tokenizer), tokenizer.pad_token_id)
        config.num_labels = 1
        build: Any = AutoModelForSequenceClassification.from_config
        model = build(config, dtype=torch.float32)
    else:
        model, _ = load_pretrained(encoder, _OneScore)
    require_room(model.config, max_tokens, "odqa.rerank.max_tokens")
    return Reranker(CrossEncoder(model), tokenizer, has_segments(model.config))


class _OneScore:
    """Loads an encoder under a new head with one score."""

    @staticmethod
    def from_pretrained(name: str, config: PretrainedConfig, **options: Any) -> Any:
        config.num_labels = 1
        return AutoModelForSequenceClassification.from_pretrained(name, config=config, **options)
