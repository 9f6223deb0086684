"""The reader: an encoder and a head that scores every token as start and end of an answer.

Knows neither how it is trained nor where text comes from. Its folder holds the encoder's
``config.json``, ``reader.json`` (how windows are cut, the head, what it has learnt from),
``model.safetensors`` and the tokenizer's files.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from transformers import PreTrainedModel

from klue_pipeline.base_settings import SettingNames
from klue_pipeline.odqa.reader.heads import build_head
from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldStrategy,
    ReaderHeadParams,
    ReaderParams,
    ReaderTrainingParams,
)
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.encoder import encoder_from_config, has_segments
from klue_pipeline.training.loading.checkpoint_files import READER_FILE, read_description
from klue_pipeline.training.loading.trained_model import load_model, save_model

MODEL_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
"""The columns of a batch that a reader takes."""

OWN_NAMES: SettingNames = {
    "encoder": ("odqa.reader", ReaderParams),
    "training": ("odqa.training", ReaderTrainingParams),
}
"""What settings are called here, of which the code that tasks share says other names."""


class ReaderConfig(BaseModel):
    """What a checkpoint must know beyond its encoder's own configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reader: ReaderParams
    """The encoder it was made of, and how windows are cut."""
    head: ReaderHeadParams
    max_tokens: int = Field(ge=1)
    """Longest window in tokens, question included."""
    strategy: ReaderFoldStrategy
    """Which questions it has learnt from: ``odqa.folds.strategy``."""
    fold: int = Field(ge=0)
    """Number of its fold, counted from 0."""
    fingerprint: dict[str, str]
    """Content hashes of what made the model, by name."""


class ReaderModel(nn.Module):
    """Encoder states, then a head.

    Args:
        encoder: Any encoder of Transformers with ``last_hidden_state``.
        config: Windows, head and origin.
    """

    def __init__(self, encoder: PreTrainedModel, config: ReaderConfig) -> None:
        super().__init__()
        self.encoder = encoder
        self.reader_config = config
        sizes = encoder.config
        self.head = build_head(config.head, sizes.hidden_size, sizes.num_attention_heads)
        self._passes_segments = has_segments(sizes)

    @property
    def padding_id(self) -> int:
        """Token id that fills short windows up."""
        return int(self.encoder.config.pad_token_id)

    def forward(
        self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor | None = None
    ) -> Tensor:
        """Score each token of some windows.

        Args:
            input_ids: Token ids, padded on the right. Shape: (batch, tokens).
            attention_mask: 1 for text, 0 for padding. Shape: (batch, tokens).
            token_type_ids: Segment numbers; ignored for an encoder with a single segment type.
                Shape: (batch, tokens).

        Returns:
            Logits of a token as the first and as the last one of the answer, float32; those of
            tokens that cannot be of an answer are among them. Shape: (batch, tokens, 2).
        """
        inputs = {"input_ids": input_ids, "attention_mask": attention_mask}
        if self._passes_segments and token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        logits: Tensor = self.head(self.encoder(**inputs).last_hidden_state, attention_mask)
        return logits

    def save_pretrained(self, folder: Path) -> None:
        """Write configuration and weights into ``folder``."""
        save_model(self, self.reader_config, folder / READER_FILE)

    @classmethod
    def from_pretrained(cls, folder: Path) -> "ReaderModel":
        """Load a model in float32 on the CPU, in evaluation mode.

        Raises:
            FileNotFoundError: The folder lacks one of the files.
            ValueError: A file is cut off, the weights do not fit the configuration, or the encoder
                needs code of its own.
        """
        return load_model(
            folder / READER_FILE,
            ReaderConfig,
            lambda encoder, config: cls(encoder_from_config(encoder), config),
        )


def window_logits(model: nn.Module, batch: Batch) -> Tensor:
    """Return the start and end logits of a batch, of which a model takes only some columns.

    Shape: (batch, tokens, 2).
    """
    logits: Tensor = model(**{name: batch[name] for name in MODEL_INPUTS if name in batch})
    return logits


def read_reader_config(folder: Path) -> ReaderConfig:
    """Read what a checkpoint says about itself without loading its weights.

    Raises:
        FileNotFoundError: The folder is no checkpoint of a reader.
        ValueError: Its ``reader.json`` is cut off, of another version, or changed by hand.
    """
    return read_description(folder / READER_FILE, ReaderConfig)
