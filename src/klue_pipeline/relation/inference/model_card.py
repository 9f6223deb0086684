"""The model card: what an exported model is, what it learnt from, how good it is, how to load it.

A Markdown document with the metadata on top that the Hugging Face hub reads. Everything in it comes
from results and settings of the run; it names no place on the machine that made it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

import pandas as pd
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.inference.model_package import EXAMPLES
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.metrics.targets import map_gold, target_labels
from klue_pipeline.relation.settings.export_params import ExportParams
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.reporting.markdown import Markdown, render_markdown
from klue_pipeline.training.params import EncoderParams
from klue_pipeline.version import __version__

SCORES = {"micro_f1": "micro F1", "auprc": "AUPRC", "accuracy": "accuracy"}
"""Scores on the card, by their names in the metrics."""

FEW_ROWS = 20
"""A label with fewer training rows is named among the limits."""

HUB_PREFIX = "hub:"

_HUB_ID = re.compile(r"(?!\.)[\w.-]+(/[\w.-]+)?", re.ASCII)
_SCRATCH = "scratch"


@dataclass(frozen=True)
class CardFacts:
    """What a card is written from.

    Attributes:
        about: The experiment.
        training_source: What ``raw.train`` says.
        input_params: How rows are written for the encoder.
        encoder: What the training started from.
        head: What scores the labels.
        augmentation: Names of the methods that added or changed training rows.
        target: Which question the models answer.
        max_tokens: Longest input.
        export: Licences.
        confidence: Share of the bootstrap's draws inside an interval.
        labels: The label set of the task.
        sentences: The training rows; schema ``Sentences``.
        fold_report: The split.
        folds: Numbers of the folds whose models are exported.
        metrics: As node ``evaluate`` tells them.
        per_label: As node ``tabulate_labels`` tells it.
        temperature: Of the models' confidence.
    """

    about: AboutParams
    training_source: str
    input_params: InputParams
    encoder: EncoderParams
    head: HeadParams
    augmentation: Sequence[str]
    target: TargetParams
    max_tokens: int
    export: ExportParams
    confidence: float
    labels: LabelSet
    sentences: pd.DataFrame
    fold_report: Mapping[str, Any]
    folds: Sequence[int]
    metrics: Mapping[str, Any]
    per_label: pd.DataFrame
    temperature: float


def write_model_card(facts: CardFacts) -> str:
    """Write the card of an exported model, as Markdown."""
    labels = _describe_labels(facts)
    return render_markdown(
        "model_card",
        front_matter=Markdown(_front_matter(facts)),
        facts=facts,
        data_name=without_folders(facts.training_source),
        encoder_text=_describe_encoder(facts.encoder),
        entity_types=_entity_types(facts.sentences),
        negative=target_labels(facts.labels, facts.target).negative,
        labels=labels,
        rows=sum(label["rows"] for label in labels),
        scarce=[label["name"] for label in labels if label["rows"] < FEW_ROWS],
        few_rows=FEW_ROWS,
        scores=_describe_scores(facts.metrics),
        prior=facts.metrics["prior"],
        test_rows=(facts.metrics["test"] or {}).get("rows"),
        licences=_state_licences(facts),
        example=EXAMPLES[facts.input_params.language],
        load_parameters=_run_parameters(facts.about),
        version=__version__,
    )


def without_folders(source: str) -> str:
    """Return a source as the user wrote it, or the last part of an absolute path.

    >>> without_folders("hub:klue:re:train"), without_folders("/home/me/secret/train.csv")
    ('hub:klue:re:train', 'train.csv')
    """
    windows = PureWindowsPath(source)  # it knows both kinds of slashes
    is_absolute = bool(windows.drive or windows.root) and not source.startswith(HUB_PREFIX)
    return windows.name if is_absolute or source.startswith("~") else source


def is_hub_id(encoder: str) -> bool:
    """Tell whether an encoder's name is that of a model on the hub, not a folder.

    >>> is_hub_id("klue/roberta-large"), is_hub_id("scratch"), is_hub_id("../my/encoder")
    (True, False, False)
    """
    return bool(_HUB_ID.fullmatch(encoder)) and encoder != _SCRATCH and not Path(encoder).is_dir()


def _front_matter(facts: CardFacts) -> str:
    """Return the metadata that the hub reads, as YAML."""
    from huggingface_hub import ModelCardData

    encoder, source = facts.encoder.name, facts.training_source
    licence, other_licence = _front_licence(facts.export.licences.model)
    entries = ModelCardData(
        language=[facts.input_params.language],
        library_name="klue_pipeline",
        pipeline_tag="text-classification",
        tags=["relation-extraction", "klue_pipeline"],
        base_model=encoder if is_hub_id(encoder) else None,
        datasets=[source.split(":")[1]] if source.startswith(HUB_PREFIX) else None,
        license=licence,
        license_name=other_licence,
    )
    return entries.to_yaml() + "\n"


def _front_licence(licence: str | None) -> tuple[str | None, str | None]:
    """Return the hub's name of a licence, SPDX's in lower case, or ``other`` and what it says."""
    if licence is None:
        return None, None
    try:
        known = canonicalize_license_expression(licence).lower()
    except InvalidLicenseExpression:
        return "other", licence
    return ("other", licence) if " " in known else (known, None)  # several, as in MIT OR X


def _state_licences(facts: CardFacts) -> dict[str, str]:
    """Say the licence of the model, the data and the encoder; or what to set to say it."""
    stated, export = facts.export.licences, facts.export
    encoder = facts.encoder.name
    licences = {
        "model": stated.model,
        "data": stated.data or export.licence_of(facts.training_source),
        "encoder": stated.encoder or export.licence_of(encoder),
    }
    if encoder == _SCRATCH:
        licences["encoder"] = "none; built from scratch"
    return {
        what: licence or f"not stated: set export.licences.{what}"
        for what, licence in licences.items()
    }


def _describe_encoder(encoder: EncoderParams) -> str:
    layers = "" if encoder.num_hidden_layers is None else f", {encoder.num_hidden_layers} layers"
    if encoder.name == _SCRATCH:
        return f"built small from scratch{layers}; it has read nothing but the training rows"
    revision = "" if encoder.revision is None else f", revision {encoder.revision}"
    if is_hub_id(encoder.name):
        return f"{encoder.name}{revision}{layers}"
    return f"from a folder named {PureWindowsPath(encoder.name).name}{layers}"


def _entity_types(sentences: pd.DataFrame) -> list[str]:
    known = {*sentences["subject_type"].unique(), *sentences["object_type"].unique()}
    return sorted(known - {NO_TYPE})


def _describe_labels(facts: CardFacts) -> list[dict[str, Any]]:
    """Return each label's rows, its share of all, and its scores; None where undefined."""
    answers = map_gold(gold_by_row(facts.sentences), facts.labels, facts.target)
    counts = answers.value_counts()
    names = target_labels(facts.labels, facts.target).names
    judged = facts.per_label.set_index("label")[["precision", "recall", "f1"]].reindex(names)
    described: list[dict[str, Any]] = []
    for name, scores in zip(names, judged.to_dict("records"), strict=True):
        rows = int(counts.get(name, 0))
        known = {str(score): None if pd.isna(value) else value for score, value in scores.items()}
        described.append({"name": name, "rows": rows, "share": rows / len(answers), **known})
    return described


def _describe_scores(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each score out of fold and shift-aware, with intervals, and on test rows."""
    by_kind = {"plain": metrics["intervals"], "shifted": metrics["shift_aware"]}
    return [
        {
            "title": title,
            "test": None if metrics["test"] is None else metrics["test"][name],
            **{kind: _with_interval(values, name) for kind, values in by_kind.items()},
        }
        for name, title in SCORES.items()
    ]


def _with_interval(values: Mapping[str, float] | None, name: str) -> str | None:
    if values is None:
        return None
    low, high = values[f"{name}_low"], values[f"{name}_high"]
    return f"{values[name]:.2f} ({low:.2f} to {high:.2f})"


def _run_parameters(about: AboutParams) -> str:
    """Return what to give to ``--params`` for this experiment or variant."""
    variant = about.folder.removeprefix(about.experiment).removeprefix("--")
    return f"experiment={about.experiment}" + (f",run.name={variant}" if variant else "")
