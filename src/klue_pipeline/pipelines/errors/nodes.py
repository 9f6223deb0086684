"""Look at the scored rows of this experiment one by one."""

import logging

import pandas as pd

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_by_row
from klue_pipeline.relation import error_analysis
from klue_pipeline.relation.metrics.run_rows import describe_part
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.settings.params import TargetParams
from klue_pipeline.runs.dataset_names import fold_numbers
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)


def tabulate_errors(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold: ScoreTable,
    test_scores: ScoreTable,
    clean_sentences: pd.DataFrame,
    clean_test_sentences: pd.DataFrame,
    test_gold: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
    **fold_scores: ScoreTable,
) -> pd.DataFrame:
    """Say of every scored row what was predicted, how surely, and what training knew of its pair.

    A model of another target than ``all`` is judged on the rows that have an answer to its
    question, in its own labels.

    Args:
        out_of_fold: Scores of training rows.
        test_scores: The average of the folds' scores of test rows.
        clean_sentences: Training rows with their true labels.
        clean_test_sentences: Test rows.
        test_gold: True labels of the test rows; empty if there are none.
        fold_members: The rows that each fold holds out.
        labels: The label set of the task.
        target: Which question the models answer.
        fold_scores: Test scores of each fold's model; each argument is named after its fold.
    """
    folds = fold_numbers(fold_scores)
    training = error_analysis.collect_training_rows(
        clean_sentences, fold_members, folds, labels, target
    )
    gold, test_labels = gold_by_row(clean_sentences), gold_by_row(test_gold)
    held_out = error_analysis.collect_rows(out_of_fold, clean_sentences, gold, labels, target)
    test = error_analysis.collect_rows(
        test_scores, clean_test_sentences, test_labels, labels, target, [*fold_scores.values()]
    )
    table = error_analysis.tabulate_errors(held_out, test, training)
    errors = int((~table["correct"].dropna()).sum())
    logger.info("%s, %s", counted(len(table), "row"), counted(errors, "error"))
    return table


def render_errors(
    error_rows: pd.DataFrame,
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    target: TargetParams,
    about: AboutParams,
) -> tuple[str, str]:
    """Write the page that shows the rows with their sentences and the training rows of their pairs.

    Returns:
        An HTML document that needs no other file. Twice: once for the latest run, once for the
        experiment's own folder.
    """
    folds = error_rows["fold"].dropna().unique().tolist()
    training = error_analysis.collect_training_rows(
        clean_sentences, fold_members, folds, labels, target
    )
    names = target_labels(labels, target).names
    part = describe_part(folds, fold_members["fold"])
    title = f"{about.folder} ({part})" if part else about.folder
    page = error_analysis.render_errors(error_rows, training, names, title)
    return page, page
