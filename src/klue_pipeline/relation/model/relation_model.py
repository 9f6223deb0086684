"""The relation classifier: an encoder and a head, saved as a folder that explains itself.

Knows neither how it is trained nor where text comes from. The folder holds the encoder's
``config.json``, ``relation.json`` (labels, input, head, label counts), ``model.safetensors`` and
the tokenizer's files; nothing in it is pickled.
"""

from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn
from transformers import PreTrainedModel

from klue_pipeline.relation.model.entity_embedding import EntityEmbedding
from klue_pipeline.relation.model.heads import HeadInputs, HeadShape, build_head
from klue_pipeline.relation.model.heads.short_rows import Shorten, choose_shortening
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.training.compute.last_layer import READ_PLACES, compute_last_layer_where_read
from klue_pipeline.training.encoder import encoder_from_config, has_segments
from klue_pipeline.training.loading.checkpoint_files import RELATION_FILE, read_description
from klue_pipeline.training.loading.trained_model import load_model, save_model


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
    """Content hashes of what made the model, by name: ``rows`` and ``tokenizer``, and of the model
    of a fold ``folds`` and ``held_out``, the rows that it has never seen."""
    temperature: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """What logits are divided by to become probabilities; 1 until calibration found another."""


class RelationModel(nn.Module):
    """Encoder states, then a head.

    Args:
        encoder: Any encoder of Transformers with ``last_hidden_state``.
        config: Labels, input, head and origin.

    Attributes:
        shorten: How rows become short before the encoder's last layer; None for whole rows.
    """

    def __init__(self, encoder: PreTrainedModel, config: RelationConfig) -> None:
        super().__init__()
        self.encoder = encoder
        self.relation_config = config
        self.entity_embedding = _build_entity_embedding(encoder, config)
        self.head = build_head(config.head, _head_shape(encoder, config))
        self._passes_segments = has_segments(encoder.config)
        can_shorten = compute_last_layer_where_read(encoder)
        self.shorten: Shorten | None = choose_shortening(config.head.name) if can_shorten else None

    @property
    def padding_id(self) -> int:
        """Token id that fills short rows up."""
        return int(self.encoder.config.pad_token_id)

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
        short = self.shorten(positions) if self.shorten else None
        if short is None:
            states = self.encoder(attention_mask=attention_mask, **inputs).last_hidden_state
            read = HeadInputs(states, attention_mask, positions, type_ids)
        else:
            inputs[READ_PLACES] = short.places
            states = self.encoder(attention_mask=attention_mask, **inputs).last_hidden_state
            read = HeadInputs(states, torch.ones_like(short.places), short.positions, type_ids)
        logits: Tensor = self.head(read)
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
        save_model(self, self.relation_config, folder / RELATION_FILE)

    @classmethod
    def from_pretrained(cls, folder: Path) -> "RelationModel":
        """Load a model in float32 on the CPU, in evaluation mode.

        Raises:
            FileNotFoundError: The folder lacks one of the files.
            ValueError: A file is cut off, the weights do not fit the configuration, or the encoder
                needs code of its own.
        """
        return load_model(
            folder / RELATION_FILE,
            RelationConfig,
            lambda encoder, config: cls(encoder_from_config(encoder), config),
        )


def read_relation_config(folder: Path) -> RelationConfig:
    """Read what a checkpoint says about itself without loading its weights.

    Raises:
        FileNotFoundError: The folder is no checkpoint of this project.
        ValueError: Its ``relation.json`` is cut off, of another version, or changed by hand.
    """
    return read_description(folder / RELATION_FILE, RelationConfig)


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
