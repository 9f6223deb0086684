"""The model card: what an exported model is, what it learnt from, how good it is, how to load it.

A Markdown document with the metadata on top that the Hugging Face hub reads. Everything in it comes
from results and settings of the run; it names no place on the machine that made it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation.inference.model_package import EXAMPLES
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.metrics.targets import map_gold, target_labels
from klue_pipeline.relation.settings.export_params import ExportParams
from klue_pipeline.relation.settings.params import HeadParams, InputParams, TargetParams
from klue_pipeline.reporting.markdown import Markdown, render_markdown
from klue_pipeline.reporting.model_card import (
    describe_encoder,
    name_run,
    state_licences,
    without_folders,
    write_front_matter,
)
from klue_pipeline.training.params import EncoderParams, LossParams
from klue_pipeline.version import __version__

SCORES = {"micro_f1": "micro F1", "auprc": "AUPRC", "accuracy": "accuracy"}
"""Scores on the card, by their names in the metrics."""

FEW_ROWS = 20
"""A label with fewer training rows is named among the limits."""


@dataclass(frozen=True)
class CardFacts:
    """What a card is written from.

    Attributes:
        about: The experiment.
        training_source: What ``raw.train`` says.
        unlabelled_source: What ``raw.unlabelled`` says, if its rows were learnt from.
        input_params: How rows are written for the encoder.
        encoder: What the training started from.
        head: What scores the labels.
        loss: What was minimised.
        augmentation: Names of the methods that added or changed training rows.
        target: Which question the models answer.
        max_tokens: Longest input.
        export: Licences.
        confidence: Share of the bootstrap's draws inside an interval.
        labels: The label set of the task.
        sentences: The training rows; schema ``Sentences``.
        fold_report: The split.
        folds: Numbers of the folds whose models are exported.
        trained_folds: Of those that were trained.
        refit: What the training on all rows left; None where there was none.
        chosen_by: The score by which the best fold was chosen; None where all are exported.
        metrics: As node ``evaluate`` tells them.
        per_label: As node ``tabulate_labels`` tells it.
        temperature: Of the models' confidence.
    """

    about: AboutParams
    training_source: str
    unlabelled_source: str | None
    input_params: InputParams
    encoder: EncoderParams
    head: HeadParams
    loss: LossParams
    augmentation: Sequence[str]
    target: TargetParams
    max_tokens: int
    export: ExportParams
    confidence: float
    labels: LabelSet
    sentences: pd.DataFrame
    fold_report: Mapping[str, Any]
    folds: Sequence[int]
    trained_folds: Sequence[int]
    chosen_by: str | None
    refit: Mapping[str, float] | None
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
        unlabelled_name=facts.unlabelled_source and without_folders(facts.unlabelled_source),
        encoder_text=describe_encoder(facts.encoder),
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
        load_parameters=name_run(facts.about, "experiment"),
        version=__version__,
    )


def _front_matter(facts: CardFacts) -> str:
    return write_front_matter(
        language=facts.input_params.language,
        pipeline_tag="text-classification",
        tags=["relation-extraction", "klue_pipeline"],
        encoder=facts.encoder.name,
        source=facts.training_source,
        licence=facts.export.licences.model,
    )


def _state_licences(facts: CardFacts) -> dict[str, str]:
    """Say the licence of the model, the data and the encoder; or what to set to say it."""
    sources = {"model": None, "data": facts.training_source, "encoder": facts.encoder.name}
    return state_licences(facts.export, sources, "export")


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
