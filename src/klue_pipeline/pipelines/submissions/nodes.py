"""Enter every file that could be submitted into the ledger, and show what came of them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.shift.prediction import from_flat, from_json
from klue_pipeline.relation.submissions.submission import hash_submission, index_labels
from klue_pipeline.reporting.ledger.entries import Entry, tabulate_entries
from klue_pipeline.reporting.ledger.page import render_ledger
from klue_pipeline.reporting.ledger.rules import LedgerParams
from klue_pipeline.reporting.ledger.table import LedgerColumns

SubmissionLoaders = Mapping[str, Callable[[], pd.DataFrame]]


def enter_submissions(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    submission: pd.DataFrame,
    blend_submissions: SubmissionLoaders,
    experiment_submission: pd.DataFrame,
    ensemble_report: dict[str, Any],
    experiment_metrics: dict[str, Any],
    about: AboutParams,
    evaluation: EvaluationParams,
) -> pd.DataFrame:
    """Write one line for the blend, for each method's blend, and for this experiment alone.

    Files are named as seen from the folder of the ledger. Equal files are one line.
    """
    blends, chosen = ensemble_report["methods"], ensemble_report["method"]
    members, select_by = tuple(ensemble_report["members"]), ensemble_report["select_by"]
    prior = _prior_of(ensemble_report["prior"])
    now = datetime.now(UTC)

    def enter_blend(table: pd.DataFrame, file: str, name: str, report: dict[str, Any]) -> Entry:
        predicted = from_json(report["predicted"])
        return Entry(hash_submission(table), file, now, name, members, select_by, predicted, prior)

    part = experiment_metrics.get("partial")
    alone = Entry(
        hash_submission(experiment_submission), f"{about.folder}/submission.csv", now,
        f"{about.folder} ({part})" if part else about.folder, (about.folder,),
        evaluation.select_by, from_flat(experiment_metrics["predicted"]),
        _prior_of(experiment_metrics["prior"]),
    )  # fmt: skip
    of_methods = [
        enter_blend(load(), f"ensemble/{name}/submission.csv", f"blend by {name}", blends[name])
        for name, load in sorted(blend_submissions.items())
    ]
    final = enter_blend(submission, "submission.csv", f"blend by {chosen}", ensemble_report)
    entries = [alone, *of_methods, final]
    return tabulate_entries(entries, LedgerColumns.of_task(RELATION_SCORES))


def _prior_of(resolved: Mapping[str, Any]) -> str:
    """Return the prior of a prediction, from the report of a resolved target."""
    return "plain" if resolved["refusal"] else str(resolved["source"])


def render_submissions(
    submission_ledger: pd.DataFrame,
    submissions: SubmissionLoaders,
    clean_test_sentences: pd.DataFrame,
    ledger: LedgerParams,
    evaluation: EvaluationParams,
) -> str:
    """Show predicted against actual scores, and which files are worth being submitted next."""
    row_ids = clean_test_sentences["row_id"].tolist()
    labels = index_labels((load() for load in submissions.values()), row_ids)
    return render_ledger(
        submission_ledger,
        labels,
        ledger,
        RELATION_SCORES,
        select_by=evaluation.select_by,
        confidence=evaluation.confidence,
        today=date.today(),
    )
