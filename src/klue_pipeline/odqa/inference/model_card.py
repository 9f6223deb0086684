"""The card of an exported answerer: what it is and learnt from, how good it is, how to load it.

A Markdown document with the metadata on top that the Hugging Face hub reads. Everything in it comes
from results and settings of the run; it names no place on the machine that made it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.inference.answerer_folder import AnswererSettings
from klue_pipeline.odqa.inference.index_folders import RetrievalIndex
from klue_pipeline.odqa.inference.model_package import EXAMPLE_CONTEXT, EXAMPLE_QUESTION
from klue_pipeline.odqa.settings.export_params import OdqaExportParams
from klue_pipeline.odqa.settings.reader_params import (
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
)
from klue_pipeline.odqa.sparse.search import SparseIndex
from klue_pipeline.reporting.markdown import Markdown, render_markdown
from klue_pipeline.reporting.model_card import (
    describe_encoder,
    name_run,
    state_licences,
    without_folders,
    write_front_matter,
)
from klue_pipeline.version import __version__

SCORES = {"exact_match": "exact match", "character_f1": "character F1"}
"""Scores on the card, by their names in the report."""
COLUMNS = {"end_to_end": "end to end", "given_gold_passage": "given the gold passage"}
"""Where answers came from, by the names in the report."""
STRATEGIES = {
    "group": "each reader held out other training questions, by groups of passages",
    "holdout": "a share of the training questions was held out, by groups of passages",
    "validation": "it learnt from all training questions; the validation questions were held out",
    "all": "it learnt from the training and the validation questions; nothing was held out",
}
"""Which questions readers learnt from, by ``folds.strategy``."""


@dataclass(frozen=True)
class CardFacts:
    """What a card is written from.

    Attributes:
        about: The experiment.
        training_source: What ``odqa.raw.train`` says.
        documents_source: What ``odqa.raw.documents`` says.
        folds: Which questions each reader learnt from.
        exported_folds: Numbers of the folds whose readers are exported.
        trained_folds: Of those that were trained.
        chosen_by: The score by which the best fold was chosen; None where all are exported.
        augmentation: Names of the methods that added training questions.
        reader: What the readers started from, and their windows.
        head: What scores the tokens.
        max_tokens: Longest window.
        settings: How questions are answered.
        indexes: The index of each retriever.
        n_passages: How many passages there are.
        n_questions: How many training questions there were.
        report: The scores, as ``answer_report.json`` has them.
        export: Licences.
    """

    about: AboutParams
    training_source: str
    documents_source: str
    folds: ReaderFoldsParams
    exported_folds: Sequence[int]
    trained_folds: Sequence[int]
    chosen_by: str | None
    augmentation: Sequence[str]
    reader: ReaderParams
    head: ReaderHeadParams
    max_tokens: int
    settings: AnswererSettings
    indexes: Mapping[str, RetrievalIndex]
    n_passages: int
    n_questions: int
    report: Mapping[str, Any]
    export: OdqaExportParams


def write_answerer_card(facts: CardFacts) -> str:
    """Write the card of an exported answerer, as Markdown."""
    return render_markdown(
        "answerer_card",
        front_matter=Markdown(_front_matter(facts)),
        facts=facts,
        answer=facts.settings.answer,
        data_name=without_folders(facts.training_source),
        documents_name=without_folders(facts.documents_source),
        encoder_text=describe_encoder(facts.reader),
        learnt=STRATEGIES[facts.folds.strategy],
        retrievers={name: _describe_index(index) for name, index in facts.indexes.items()},
        refused=facts.report["refused"],
        columns=COLUMNS,
        scores=_describe_scores(facts.report),
        licences=_state_licences(facts),
        question=EXAMPLE_QUESTION,
        context=EXAMPLE_CONTEXT,
        load_parameters=name_run(facts.about, "odqa.experiment"),
        version=__version__,
    )


def _front_matter(facts: CardFacts) -> str:
    return write_front_matter(
        language="ko",
        pipeline_tag="question-answering",
        tags=["open-domain-qa", "klue_pipeline"],
        encoder=facts.reader.name,
        source=facts.training_source,
        licence=facts.export.licences.model,
    )


def _state_licences(facts: CardFacts) -> dict[str, str]:
    sources = {
        "model": None,
        "data": facts.training_source,
        "documents": facts.documents_source,
        "encoder": facts.reader.name,
    }
    return state_licences(facts.export, sources, "odqa.export")


def _describe_index(index: RetrievalIndex) -> str:
    if isinstance(index, SparseIndex):
        return f"{index.method} over tokens by {index.header.origin.name}"
    return "vectors of an encoder"


def _describe_scores(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return each score with its interval, by where answers came from; None where not judged."""
    scores = report.get("scores", {})
    return [
        {
            "title": title,
            **{name: _with_interval(scores.get(name, {}).get(score)) for name in COLUMNS},
        }
        for score, title in SCORES.items()
    ]


def _with_interval(estimate: Mapping[str, float] | None) -> str | None:
    if estimate is None:
        return None
    value, low, high = (estimate[name] for name in ("value", "low", "high"))
    return f"{value:.2f} ({low:.2f} to {high:.2f})"
