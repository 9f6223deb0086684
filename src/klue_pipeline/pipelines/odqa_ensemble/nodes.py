"""Combine the answers of experiments, and write them as the contest wants them."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.bundles import BundleShelf, refuse_taken_names
from klue_pipeline.odqa.answer_ensemble.answer_bundle import AnswerBundle, PlainAnswers
from klue_pipeline.odqa.answer_ensemble.combining import combine_answers
from klue_pipeline.odqa.answer_ensemble.handed_in import read_handed_in
from klue_pipeline.odqa.answer_ensemble.members import Answered, Asked, select_members
from klue_pipeline.odqa.answer_ensemble.report import render_ensemble as render_page
from klue_pipeline.odqa.answer_ensemble.report import report_ensemble
from klue_pipeline.odqa.answering.predictions import (
    NBestPredictions,
    Predictions,
    list_predictions,
)
from klue_pipeline.odqa.ingest.question_fingerprint import QuestionFingerprint
from klue_pipeline.odqa.metrics.truth import RetrievalTruth
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.odqa.settings.reader_params import AnswerEnsembleParams

logger = logging.getLogger(__name__)

Loaders = Mapping[str, Callable[[], pd.DataFrame]]
Shelf = BundleShelf[AnswerBundle | PlainAnswers]


def combine_experiments(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    all_n_best: Loaders,
    all_answers: Loaders,
    all_answer_fits: Mapping[str, Callable[[], dict[str, Any]]],
    answer_bundles: Shelf,
    examples: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    passages: pd.DataFrame,
    ensemble: AnswerEnsembleParams,
    evaluation: OdqaEvaluationParams,
) -> tuple[Predictions, NBestPredictions, dict[str, Any]]:
    """Combine the experiments and bundles that answered the questions of this run.

    An answer that an experiment keeps back, as it is unsure of it, votes as any other.

    Returns:
        The answers to the test questions and the best ones of each, in the contest's layout, and a
        report.
    """
    truth = RetrievalTruth.of(examples, gold_passages, passage_groups, passages)
    asked = Asked.of(examples, truth)
    shelf = refuse_taken_names(answer_bundles, all_n_best.keys() | all_answers.keys())
    members = {
        name: Answered(all_n_best[name](), all_answers[name](), _read_asked(all_answer_fits, name))
        for name in sorted(all_n_best.keys() & all_answers.keys())
    } | read_handed_in(shelf.bundles)
    selection = select_members(members, shelf.refused, ensemble.members, asked)
    combined = combine_answers(selection, asked, ensemble, evaluation)
    report = report_ensemble(combined, ensemble)
    logger.info("%s", report["verdict"])
    return *list_predictions(combined.answers, combined.n_best, examples), report


def render_ensemble(ensemble_report: dict[str, Any]) -> str:
    """Write the report of the ensemble as a page that needs no other file."""
    return render_page(ensemble_report)


def _read_asked(
    fits: Mapping[str, Callable[[], dict[str, Any]]], name: str
) -> QuestionFingerprint | None:
    """Return which questions an experiment answered, if it says so: earlier versions did not."""
    asked = fits[name]().get("asked") if name in fits else None
    return None if asked is None else QuestionFingerprint.model_validate(asked)
