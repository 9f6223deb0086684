"""Blend experiments and write submissions."""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from klue_pipeline.relation.ensemble import METHODS, Origin, rows_common_to_all, select_members
from klue_pipeline.relation.evaluation import evaluate_scores, gold_by_row
from klue_pipeline.relation.fingerprints import (
    folds_fingerprint,
    rows_fingerprint,
    test_rows_fingerprint,
)
from klue_pipeline.relation.params import EnsembleParams, LabelSet
from klue_pipeline.relation.scores import ScoreTable
from klue_pipeline.relation.submission import make_submission

ScoreLoaders = Mapping[str, Callable[[], ScoreTable]]


def fingerprint_run(
    clean_sentences: pd.DataFrame, fold_members: pd.DataFrame, test_sentences: pd.DataFrame
) -> dict[str, str]:
    """Hash the rows and folds of this run; only scores made from the same can be blended."""
    return {
        "rows": rows_fingerprint(clean_sentences),
        "folds": folds_fingerprint(fold_members),
        "test_rows": test_rows_fingerprint(test_sentences),
    }


def combine_experiments(
    out_of_fold_by_experiment: ScoreLoaders,
    test_scores_by_experiment: ScoreLoaders,
    run_fingerprint: dict[str, str],
    clean_sentences: pd.DataFrame,
    labels: dict[str, Any],
    ensemble: EnsembleParams,
) -> tuple[ScoreTable, dict[str, Any]]:
    """Blend the test scores of every experiment that fits this run.

    Returns:
        The blend's scores of the test rows, and the report: method, members and the blend with
        their out-of-fold metrics, and the experiments skipped with the reason.
    """
    label_set, gold = LabelSet.model_validate(labels), gold_by_row(clean_sentences)
    selection = select_members(
        {name: load() for name, load in out_of_fold_by_experiment.items()},
        {name: load() for name, load in test_scores_by_experiment.items()},
        ensemble.members,
        Origin(run_fingerprint, tuple(label_set.names)),
    )
    blend = METHODS[ensemble.method]
    common = rows_common_to_all(list(selection.out_of_fold.values()))
    report = {
        "method": ensemble.method,
        "members": {
            name: evaluate_scores(scores, gold, label_set)
            for name, scores in selection.out_of_fold.items()
        },
        "out_of_fold": evaluate_scores(blend(common), gold, label_set) if common[0] else None,
        "skipped": selection.skipped,
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
