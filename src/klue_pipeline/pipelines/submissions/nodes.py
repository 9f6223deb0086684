"""Enter every file that could be submitted into the ledger, and show what came of them."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.export_params import AboutParams
from klue_pipeline.relation.shift.prediction import from_flat, from_json
from klue_pipeline.reporting.ledger import (
    Entry,
    index_labels,
    prior_of,
    render_ledger,
    tabulate_entries,
)
from klue_pipeline.reporting.ledger.params import LedgerParams
from klue_pipeline.reporting.submission_file import hash_submission

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
    prior = prior_of(ensemble_report["prior"])
    now = datetime.now(UTC)

    def enter_blend(table: pd.DataFrame, file: str, name: str, told: dict[str, Any]) -> Entry:
        predicted = from_json(told["predicted"])
        return Entry(hash_submission(table), file, now, name, members, select_by, predicted, prior)

    alone = Entry(
        hash_submission(experiment_submission), f"{about.folder}/submission.csv", now, about.folder,
        (about.folder,), evaluation.select_by, from_flat(experiment_metrics["predicted"]),
        prior_of(experiment_metrics["prior"]),
    )  # fmt: skip
    of_methods = [
        enter_blend(load(), f"ensemble/{name}/submission.csv", f"blend by {name}", blends[name])
        for name, load in sorted(blend_submissions.items())
    ]
    final = enter_blend(submission, "submission.csv", f"blend by {chosen}", ensemble_report)
    return tabulate_entries([alone, *of_methods, final])


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
        select_by=evaluation.select_by,
        confidence=evaluation.confidence,
        today=date.today(),
    )
