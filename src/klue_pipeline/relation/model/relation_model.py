"""The relation classifier: an encoder and a head, saved as a folder that explains itself.

Knows neither how it is trained nor where text comes from. The folder holds the encoder's
``config.json``, ``relation.json`` (labels, input, head, label counts), ``model.safetensors`` and
the tokenizer's files; nothing in it is pickled.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from klue_pipeline.base_settings import explain_errors
from klue_pipeline.relation.model.checkpoint_files import (
    COPY_AGAIN,
    RELATION_FILE,
    read_json_file,
    require_file,
)
from klue_pipeline.relation.model.entity_embedding import EntityEmbedding
from klue_pipeline.relation.model.heads import HeadInputs, HeadShape, build_head
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.encoder import encoder_from_config, has_segments
from klue_pipeline.training.loading.encoder_files import explained, read_config, require_files
from klue_pipeline.training.loading.weights_file import CONFIG_FILE, WEIGHTS_FILE

_TRAIN_AGAIN = "Another version of this project wrote it, or it was changed; train the model again."


class RelationConfig(BaseModel):
    """What a checkpoint must know beyond its encoder's own configuration."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    labels: tuple[str, ...]
    """Label names in the order of the logits."""
    task_labels: tuple[str, ...]
    """Label names of the task; other than ``labels`` if the target is only a part of it."""
    label_counts: tuple[int, ...]
    """Rows per label in the training part that the model saw; the prior of unusable rows."""
    input: InputParams
    """How the rows were written that the model learnt from."""
    max_tokens: int = Field(ge=1)
    """Longest row in tokens that the model learnt from; longer ones are windowed."""
    target: TargetParams
    """Which question about a row the model answers."""
    head: HeadParams
    entity_types: tuple[str, ...]
    """Names of the entity types; the type at place i has id 1 + i, an unknown one 0."""
    legal_labels: dict[str, tuple[int, ...]]
    """The label ids that entities of two types may stand in, by ``<subject type>:<object type>``;
    read by head ``type_restricted``."""
    fingerprint: dict[str, str]
    """Content hashes of what made the model, by name: ``rows``, ``folds``, ``tokenizer``."""
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """What logits are divided by to become probabilities; 1 until calibration found another."""


class RelationModel(nn.Module):
    """Encoder states, then a head.

    Args:
        encoder: Any encoder of Transformers with ``last_hidden_state``.
        config: Labels, input, head and origin.
    """

    def __init__(self, encoder: PreTrainedModel, config: RelationConfig) -> None:
        super().__init__()
        self.encoder = encoder
        self.relation_config = config
        self.entity_embedding = _build_entity_embedding(encoder, config)
        self.head = build_head(config.head, _head_shape(encoder, config))
        self._passes_segments = has_segments(encoder.config)

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor,
        positions: Tensor,
        type_ids: Tensor,
        token_type_ids: Tensor | None = None,
    ) -> Tensor:
        """Score each row.

        Args:
            input_ids: Token ids, padded on the right. Shape: (batch, tokens).
            attention_mask: 1 for text, 0 for padding. Shape: (batch, tokens).
            positions: Token positions subject start, subject end, object start, object end;
                ends exclusive. Shape: (batch, 4).
            type_ids: Entity types of subject and object, numbered as in
                ``RelationConfig.entity_types``. Shape: (batch, 2).
            token_type_ids: Segment numbers; ignored for an encoder with a single segment type.
                Shape: (batch, tokens).

        Returns:
            Logits. Shape: (batch, labels).
        """
        inputs = self._embed(input_ids, positions, type_ids)
        if self._passes_segments and token_type_ids is not None:
            inputs["token_type_ids"] = token_type_ids
        states = self.encoder(attention_mask=attention_mask, **inputs).last_hidden_state
        logits: Tensor = self.head(HeadInputs(states, attention_mask, positions, type_ids))
        return logits

    def _embed(self, input_ids: Tensor, positions: Tensor, type_ids: Tensor) -> dict[str, Tensor]:
        """Return the text as the encoder takes it: as ids, or as embeddings with ours added."""
        if self.entity_embedding is None:
            return {"input_ids": input_ids}
        # Added here they pass the encoder's own sum with positions and segments, and its LayerNorm.
        words = self.encoder.get_input_embeddings()(input_ids)
        added = self.entity_embedding(input_ids.shape[1], positions, type_ids)
        return {"inputs_embeds": words + added}

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
            ValueError: A file is cut off, the weights do not fit the configuration, or the encoder
                needs code of its own.
        """
        for name in (RELATION_FILE, CONFIG_FILE, WEIGHTS_FILE):
            require_file(folder / name)
        config = read_relation_config(folder)
        with explained(f"The model in {folder}", COPY_AGAIN):
            require_files(folder)
            model = cls(encoder_from_config(read_config(folder)), config)
            model.load_state_dict(load_file(folder / WEIGHTS_FILE))
        return model.eval()


def read_relation_config(folder: Path) -> RelationConfig:
    """Read what a checkpoint says about itself without loading its weights.

    Raises:
        FileNotFoundError: The folder is no checkpoint of this project.
        ValueError: Its ``relation.json`` is cut off, of another version, or changed by hand.
    """
    path = folder / RELATION_FILE
    require_file(path)
    try:
        return RelationConfig.model_validate(read_json_file(path))
    except ValidationError as error:
        raise ValueError(
            f"{path} does not fit: {'; '.join(explain_errors(error))}. {_TRAIN_AGAIN}"
        ) from error


def _build_entity_embedding(
    encoder: PreTrainedModel, config: RelationConfig
) -> EntityEmbedding | None:
    name = config.input.entity_embedding
    if name == "none":
        return None
    words: Any = encoder.get_input_embeddings()
    return EntityEmbedding(name, len(config.entity_types), words.embedding_dim)


def _head_shape(encoder: PreTrainedModel, config: RelationConfig) -> HeadShape:
    return HeadShape(
        width=encoder.config.hidden_size,
        labels=len(config.labels),
        entity_types=config.entity_types,
        legal_labels=config.legal_labels,
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
