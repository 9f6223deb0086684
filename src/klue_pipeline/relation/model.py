"""The relation classifier: an encoder and a head, saved as a folder that explains itself.

Knows neither how it is trained nor where text comes from. The folder holds the encoder's
``config.json``, ``relation.json`` (labels, head, label counts), ``model.safetensors`` and the
tokenizer's files; nothing in it is pickled.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import AutoConfig, PreTrainedModel, PreTrainedTokenizerBase

from klue_pipeline.relation.heads import build_head
from klue_pipeline.relation.params import HeadParams
from klue_pipeline.training.encoder import encoder_from_config, has_segments

RELATION_FILE, WEIGHTS_FILE = "relation.json", "model.safetensors"
_ENCODER_FILE = "config.json"


class RelationConfig(BaseModel):
    """What a checkpoint must know beyond its encoder's own configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: tuple[str, ...]
    """Label names in the order of the logits."""
    label_counts: tuple[int, ...]
    """Rows per label in the training part that the model saw; the prior of unusable rows."""
    head: HeadParams
    fingerprint: dict[str, str]
    """Content hashes of what made the model, by name: ``rows``, ``folds``, ``tokenizer``."""


class RelationModel(nn.Module):
    """Encoder states, then a head.

    Args:
        encoder: Any encoder of Transformers with ``last_hidden_state``.
        config: Labels, head and origin.
    """

    def __init__(self, encoder: PreTrainedModel, config: RelationConfig) -> None:
        super().__init__()
        self.encoder = encoder
        self.relation_config = config
        self.head = build_head(config.head, encoder.config.hidden_size, len(config.labels))
        self._passes_segments = has_segments(encoder.config)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        positions: Tensor,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """Score each row.

        Args:
            input_ids: Token ids. Shape: (batch, tokens).
            attention_mask: 1 for text, 0 for padding. Shape: (batch, tokens).
            positions: Token positions subject start, subject end, object start, object end;
                ends exclusive. Shape: (batch, 4).
            token_type_ids: Segment numbers; ignored for an encoder with a single segment type.
                Shape: (batch, tokens).

        Returns:
            Logits. Shape: (batch, labels).
        """
        inputs: dict[str, Any] = {"input_ids": input_ids, "attention_mask": attention_mask}
        if self._passes_segments and token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        states = self.encoder(**inputs).last_hidden_state  # (batch, tokens, width)
        logits: Tensor = self.head(states, attention_mask, positions)
        return logits

    def save_pretrained(self, folder: Path) -> None:
        """Write configuration and weights into ``folder``."""
        folder.mkdir(parents=True, exist_ok=True)
        self.encoder.config.save_pretrained(folder)
        text = json.dumps(
            self.relation_config.model_dump(mode="json"), ensure_ascii=False, indent=2
        )
        (folder / RELATION_FILE).write_text(text + "\n", encoding="utf-8")
        weights = {name: value.contiguous() for name, value in self.state_dict().items()}
        save_file(weights, folder / WEIGHTS_FILE, metadata={"format": "pt"})

    @classmethod
    def from_pretrained(cls, folder: Path) -> "RelationModel":
        """Load a model in float32 on the CPU, in evaluation mode.

        Raises:
            FileNotFoundError: The folder lacks one of the files.
            RuntimeError: The weights do not fit the configuration.
        """
        config = read_relation_config(folder)
        for name in (_ENCODER_FILE, WEIGHTS_FILE):
            _require_file(folder / name)
        model = cls(encoder_from_config(AutoConfig.from_pretrained(folder)), config)
        model.load_state_dict(load_file(folder / WEIGHTS_FILE))
        return model.eval()


def read_relation_config(folder: Path) -> RelationConfig:
    """Read what a checkpoint says about itself without loading its weights.

    Raises:
        FileNotFoundError: The folder is no checkpoint of this project.
    """
    path = folder / RELATION_FILE
    _require_file(path)
    return RelationConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))


def _require_file(path: Path) -> None:
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.parent} is no relation checkpoint: {path.name} is missing; train it first."
        )


class TrainedModel:
    """A trained model with its tokenizer: what the checkpoint dataset writes as one folder."""

    def __init__(self, model: RelationModel, tokenizer: PreTrainedTokenizerBase) -> None:
        self.model = model
        self.tokenizer = tokenizer

    def save_pretrained(self, folder: Path) -> None:
        """Write the model's and the tokenizer's files into ``folder``."""
        self.model.save_pretrained(folder)
        self.tokenizer.save_pretrained(folder)
