"""Enter every file of predictions that could be submitted into the ledger, and show the ledger."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.odqa.answer_ensemble.prediction_files import hash_predictions, index_answers
from klue_pipeline.odqa.answer_report.variants import END_TO_END
from klue_pipeline.odqa.ingest.schema import TEST
from klue_pipeline.odqa.metrics.task_scores import READER_SCORES
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.reporting.ledger.entries import Entry, tabulate_entries
from klue_pipeline.reporting.ledger.page import render_ledger
from klue_pipeline.reporting.ledger.rules import LedgerParams
from klue_pipeline.reporting.ledger.table import LedgerColumns

Predictions = dict[str, str]
Loaders = Mapping[str, Callable[[], Predictions]]

PLAIN = "plain"
"""The prior of every prediction: test questions are taken to be like the validation questions."""


def enter_predictions(
    predictions: Predictions,
    answer_report: dict[str, Any],
    about: AboutParams,
    evaluation: OdqaEvaluationParams,
    ensemble_predictions: Predictions | None,
    ensemble_report: dict[str, Any] | None,
) -> pd.DataFrame:
    """Write one line for this experiment, and one for the latest ensemble, if there was any.

    Files are named as seen from the folder of the ledger. Equal files are one line.
    """
    select_by = evaluation.select_answers_by
    entries = [
        _enter(predictions, about.folder, about.folder, (about.folder,), select_by,
               answer_report.get("scores", {}).get(END_TO_END)),
    ]  # fmt: skip
    if ensemble_predictions is not None and ensemble_report is not None:
        name, members = f"ensemble by {ensemble_report['method']}", tuple(ensemble_report["voters"])
        scores = None if ensemble_report["unjudged"] else ensemble_report.get("scores")
        entries.append(_enter(ensemble_predictions, "ensemble", name, members, select_by, scores))
    return tabulate_entries(entries, LedgerColumns.of_task(READER_SCORES))


def render_predictions(
    submission_ledger: pd.DataFrame,
    all_predictions: Loaders,
    examples: pd.DataFrame,
    ledger: LedgerParams,
    evaluation: OdqaEvaluationParams,
) -> str:
    """Show predicted against actual scores, and which files are worth being submitted next."""
    test = examples["question_id"][examples["part"] == TEST].tolist()
    answers = index_answers((load() for load in all_predictions.values()), test)
    return render_ledger(
        submission_ledger,
        answers,
        ledger,
        READER_SCORES,
        select_by=evaluation.select_answers_by,
        confidence=evaluation.confidence,
        today=date.today(),
    )


def _enter(
    predictions: Predictions,
    folder: str,
    name: str,
    members: tuple[str, ...],
    select_by: str,
    scores: Mapping[str, Any] | None,
) -> Entry:
    """Write an entry; its prediction is what was judged, where anything was."""
    return Entry(
        sha256=hash_predictions(predictions),
        file=f"{folder}/predictions.json",
        created_at=datetime.now(UTC),
        name=name,
        members=members,
        select_by=select_by,
        predicted={
            score.name: Estimate(**scores[score.name]) for score in READER_SCORES.published
        } if scores else {},
        prior=PLAIN if scores else "",
    )  # fmt: skip
