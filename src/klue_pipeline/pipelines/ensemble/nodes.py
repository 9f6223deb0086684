"""Blend experiments and write submissions."""

import logging
from collections.abc import Callable, Mapping
from typing import Any, Literal

import pandas as pd

from klue_pipeline.evaluation.bundles import BundleShelf, refuse_taken_names
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.score_bundles import ScoreBundle
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.ensemble.blending import blend
from klue_pipeline.relation.ensemble.panel import tabulate_diversity
from klue_pipeline.relation.ensemble.preparation import Voters
from klue_pipeline.relation.ensemble.report import render_ensemble as render_page
from klue_pipeline.relation.ensemble.report import report_blend
from klue_pipeline.relation.ensemble.selection import Selection, select_members
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams
from klue_pipeline.relation.settings.params import EnsembleParams
from klue_pipeline.relation.shift.density import TextShift
from klue_pipeline.relation.submissions.plain_submissions import (
    SubmissionShelf,
    choose_plain_submissions,
)
from klue_pipeline.relation.submissions.submission import make_submission
from klue_pipeline.runs.dataset_names import keys_of_folds

logger = logging.getLogger(__name__)

ScoreLoaders = Mapping[str, Callable[[], ScoreTable]]
Scores = dict[str, ScoreTable]


def combine_experiments(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold_by_experiment: ScoreLoaders,
    test_scores_by_experiment: ScoreLoaders,
    fold_test_scores: ScoreLoaders,
    score_bundles: BundleShelf[ScoreBundle],
    plain_submissions: SubmissionShelf,
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    test_sentences: pd.DataFrame,
    labels: LabelSet,
    density_ratios: pd.DataFrame,
    text_shift: dict[str, Any],
    ensemble: EnsembleParams,
    evaluation: EvaluationParams,
) -> tuple[ScoreTable, ScoreTable, Scores, dict[str, Any], dict[str, Any], pd.DataFrame]:
    """Blend the experiments made from the rows, folds and labels of this run by every method.

    Returns:
        The chosen blend's scores of the test rows and of the out-of-fold rows (nested), every
        method's test scores, a report, the target's prior that it was judged by, and how
        differently the members err.
    """
    run = RunRows(clean_sentences, fold_members, test_sentences, labels)
    selection = _select(
        out_of_fold_by_experiment, test_scores_by_experiment, score_bundles, ensemble.members, run
    )
    plain = choose_plain_submissions(
        plain_submissions, ensemble.plain_submissions, run.test_row_ids, labels.names
    )
    folds = {name: _folds_of(name, fold_test_scores) for name in selection.out_of_fold}
    texts = TextShift.from_tables(density_ratios, text_shift)
    blended = blend(Voters(selection, folds, plain), run, texts, ensemble, evaluation)
    report = report_blend(blended, selection.skipped, ensemble, selection.partial)
    logger.info("%s", report["verdict"])
    test_by_method: Scores = {name: method.test for name, method in blended.methods.items()}
    decoded, prepared = blended.decoded, blended.prepared
    return (
        decoded.test, decoded.out_of_fold.table, test_by_method, report, prepared.prior.as_json(),
        tabulate_diversity(prepared.panel),
    )  # fmt: skip


def render_ensemble(ensemble_report: dict[str, Any], ensemble_diversity: pd.DataFrame) -> str:
    """Write the report of the blend as a page that needs no other file."""
    return render_page(ensemble_report, ensemble_diversity)


def write_submission(
    ensemble_scores: ScoreTable, test_sentences: pd.DataFrame, labels: LabelSet
) -> pd.DataFrame:
    """Turn the blend's scores into the contest's table, one line per test row in file order."""
    table = make_submission(ensemble_scores, test_sentences["row_id"].tolist(), labels.names)
    if len(set(table["pred_label"])) == 1:
        logger.warning(
            "Every row of the submission is %s. Was the model trained long enough, and its head "
            "fast enough (training.epochs, training.head_learning_rate)?",
            table["pred_label"].iloc[0],
        )
    return table


def write_blend_submissions(
    blend_scores: ScoreLoaders, test_sentences: pd.DataFrame, labels: LabelSet
) -> dict[str, pd.DataFrame]:
    """Turn every method's scores into a submission of its own."""
    row_ids = test_sentences["row_id"].tolist()
    return {
        name: make_submission(load(), row_ids, labels.names) for name, load in blend_scores.items()
    }


def write_experiment_submission(
    test_scores: ScoreTable, test_sentences: pd.DataFrame, labels: LabelSet
) -> pd.DataFrame:
    """Turn this experiment's own scores into the contest's table."""
    return make_submission(test_scores, test_sentences["row_id"].tolist(), labels.names)


def _select(
    out_of_fold: ScoreLoaders,
    test_scores: ScoreLoaders,
    score_bundles: BundleShelf[ScoreBundle],
    members: Literal["all"] | list[str],
    run: RunRows,
) -> Selection:
    """Choose members among the experiments on disk and the score bundles."""
    shelf = refuse_taken_names(score_bundles, out_of_fold)
    bundles = shelf.bundles.items()
    return select_members(
        _load(out_of_fold) | {name: bundle.out_of_fold for name, bundle in bundles},
        _load(test_scores) | {name: bundle.test_scores for name, bundle in bundles},
        members,
        run.provenance,
        shelf.refused,
    )


def _load(loaders: ScoreLoaders) -> Scores:
    return {name: load() for name, load in loaders.items()}


def _folds_of(name: str, fold_test_scores: ScoreLoaders) -> list[ScoreTable]:
    """Load the test scores of an experiment's folds; a bundle brings none along."""
    return [fold_test_scores[key]() for key in keys_of_folds(fold_test_scores, name)]
