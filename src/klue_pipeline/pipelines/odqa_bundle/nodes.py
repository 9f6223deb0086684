"""Put all that an ensemble elsewhere needs of this experiment into one bundle; no weights."""

from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.bundles import ExperimentDescription
from klue_pipeline.odqa.answer_ensemble.answer_bundle import AnswerBundle, make_answer_bundle
from klue_pipeline.odqa.settings.reader_params import (
    AnswerParams,
    QuestionAugmentParams,
    ReaderFoldsParams,
    ReaderHeadParams,
    ReaderParams,
    ReaderTrainingParams,
)
from klue_pipeline.odqa.settings.retriever_params import (
    FusionParams,
    RerankParams,
    RetrievalParams,
)
from klue_pipeline.runs.records.exported_experiment import describe_experiment


def export_answer_bundle(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    n_best: pd.DataFrame,
    answers: pd.DataFrame,
    examples: pd.DataFrame,
    metrics: dict[str, Any],
    record: dict[str, Any] | None,
    about: AboutParams,
    retrieval: RetrievalParams,
    fusion: FusionParams,
    rerank: RerankParams,
    folds: ReaderFoldsParams,
    augment: QuestionAugmentParams,
    reader: ReaderParams,
    head: ReaderHeadParams,
    training: ReaderTrainingParams,
    answer: AnswerParams,
) -> AnswerBundle:
    """Bundle the n-best of all questions that were answered, of all parts."""
    settings = {
        "retrieval": retrieval,
        "fusion": fusion,
        "rerank": rerank,
        "folds": folds,
        "augment": augment,
        "reader": reader,
        "head": head,
        "training": training,
        "answer": answer,
    }
    experiment = ExperimentDescription(
        metrics=metrics, **describe_experiment(about, settings, record)
    )
    return make_answer_bundle(experiment, n_best, answers, examples)
