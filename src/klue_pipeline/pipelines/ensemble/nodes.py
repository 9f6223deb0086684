"""Blend experiments and write submissions."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from klue_pipeline.relation.blend_report import report_blend
from klue_pipeline.relation.ensemble import METHODS, select_members, trace_origin
from klue_pipeline.relation.evaluation import gold_by_row
from klue_pipeline.relation.params import EnsembleParams, LabelSet
from klue_pipeline.relation.scores import ScoreTable
from klue_pipeline.relation.submission import make_submission

ScoreLoaders = Mapping[str, Callable[[], ScoreTable]]


def combine_experiments(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold_by_experiment: ScoreLoaders,
    test_scores_by_experiment: ScoreLoaders,
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    test_sentences: pd.DataFrame,
    labels: dict[str, Any],
    ensemble: EnsembleParams,
) -> tuple[ScoreTable, dict[str, Any]]:
    """Blend the test scores of every experiment made from the rows, folds and labels of this run.

    Returns:
        The blend's scores of the test rows, and a report: method, members and the blend with
        their out-of-fold metrics, and the experiments skipped with the reason.
    """
    label_set = LabelSet.model_validate(labels)
    origin = trace_origin(clean_sentences, fold_members, test_sentences, label_set)
    out_of_fold = {name: load() for name, load in out_of_fold_by_experiment.items()}
    test_scores = {name: load() for name, load in test_scores_by_experiment.items()}
    selection = select_members(out_of_fold, test_scores, ensemble.members, origin)
    blend = METHODS[ensemble.method]
    report = {
        "method": ensemble.method,
        **report_blend(selection, blend, gold_by_row(clean_sentences), label_set),
    }
    return blend(list(selection.test_scores.values())), report


def write_submission(
    ensemble_scores: ScoreTable, test_sentences: pd.DataFrame, labels: dict[str, Any]
) -> pd.DataFrame:
    """Turn the blend's scores into the contest's table, one line per test row in file order."""
    names = LabelSet.model_validate(labels).names
    return make_submission(ensemble_scores, test_sentences["row_id"].tolist(), names)


def write_experiment_submission(
    test_scores: ScoreTable, test_sentences: pd.DataFrame, labels: dict[str, Any]
) -> pd.DataFrame:
    """Turn this experiment's own scores into the contest's table."""
    return write_submission(test_scores, test_sentences, labels)
