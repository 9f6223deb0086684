"""What every benchmark measures on: real or sample rows, encoded once, and the model over them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from transformers import PreTrainedTokenizerBase

from benchmarks.settings import read_input, read_settings
from klue_pipeline.datasets.inputs.raw_relation import RawRelationDataset
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.pipelines.ingest.nodes import parse_train
from klue_pipeline.relation.augmentation.table import mark_originals
from klue_pipeline.relation.encoding.encoded_rows import encode_rows
from klue_pipeline.relation.encoding.features import Features, encode
from klue_pipeline.relation.ingest.labels import EntityTypes, LabelSets
from klue_pipeline.relation.model.fold_training import ClassifierParams, build_model, describe_model
from klue_pipeline.relation.model.relation_model import RelationConfig, RelationModel
from klue_pipeline.relation.settings.params import (
    HeadParams,
    IngestParams,
    LabelsParams,
    TargetParams,
)
from klue_pipeline.relation.settings.training_params import RelationTrainingParams
from klue_pipeline.training.batches import EncodedRows
from klue_pipeline.training.params import EncoderParams, LossParams, ScratchEncoderParams
from klue_pipeline.training.tokenizer import load_tokenizer, train_tokenizer


@dataclass(frozen=True)
class Workload:
    """Encoded rows with everything that trains and scores them."""

    features: Features
    tokenizer: PreTrainedTokenizerBase
    labels: LabelSet
    params: ClassifierParams

    @property
    def config(self) -> RelationConfig:
        """What the classifier must know of its rows."""
        return describe_model(self.features, self.labels, self.labels, self.params, fingerprint={})

    def build_model(self) -> RelationModel:
        """Build the classifier anew, always with the same weights."""
        torch.manual_seed(0)
        return build_model(self.config, self.params, self.tokenizer)

    def build_plain_model(self) -> RelationModel:
        """Build it as Transformers computes it, for the contenders: its attention, whole rows."""
        model = self.build_model()
        model.encoder.set_attn_implementation("sdpa")
        model.shorten = None
        return model

    def encode_rows(self) -> EncodedRows:
        """View the features as the arrays that batches are cut from."""
        types = self.config.entity_types
        return encode_rows(self.features, self.tokenizer.pad_token_id, types)


def read_sentences(source: str) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Ingest a file of training rows with the project's own nodes; also return its labels."""
    settings = read_settings("ingest", "labels")
    raw = RawRelationDataset(source=source).load()
    ingest = IngestParams.model_validate(settings["ingest"])
    label_sets = LabelSets.model_validate(settings["label_sets"])
    types = EntityTypes.model_validate(settings["entity_types"])
    wanted = LabelsParams.model_validate(settings["labels"])
    labels, sentences, _ = parse_train(raw, ingest, wanted, label_sets, types)
    return sentences, labels


def make_workload(
    source: str,
    encoder: str,
    layers: int,
    rows: int,
    batch_size: int,
    scratch: ScratchEncoderParams | None = None,
) -> Workload:
    """Encode the first rows of a file for an encoder, with the project's default settings.

    ``encoder`` may be ``scratch``, of the sizes ``scratch``, with a tokenizer trained on the file.
    """
    sentences, labels = read_sentences(source)
    defaults = read_settings("experiments")["experiment_defaults"]
    training = RelationTrainingParams.model_validate(
        {**defaults["training"], "epochs": 1, "batch_size": batch_size, "learning_rate": 3e-5}
    )
    label_set = LabelSet.model_validate(labels)
    encoder_params = EncoderParams(name=encoder, num_hidden_layers=layers, scratch=scratch)
    tokenizer = (
        load_tokenizer(encoder)
        if scratch is None
        else train_tokenizer(sentences["sentence"], scratch.vocabulary_size)
    )
    chosen = sentences.sample(rows, random_state=0) if rows < len(sentences) else sentences
    features = encode(
        mark_originals(chosen),
        tokenizer,
        read_input(),
        training.max_tokens,
        label_set,
    )
    params = ClassifierParams(
        TargetParams.model_validate(defaults["target"]),
        read_input(),
        encoder_params,
        HeadParams.model_validate(defaults["head"]),
        LossParams.model_validate(defaults["loss"]),
        training,
    )
    return Workload(features, tokenizer, label_set, params)


def write_results(path: Path, results: dict[str, Any]) -> None:
    """Store what was measured; sections of other benchmarks in the file stay."""
    former = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    text = json.dumps(former | results, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
