"""Judge the scores of this experiment and draw what a reader should see."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.relation.evaluation import (
    confusion_counts,
    evaluate_by_fold,
    evaluate_known_rows,
    evaluate_scores,
    gold_by_row,
    per_label_table,
)
from klue_pipeline.relation.params import LabelSet, TargetParams
from klue_pipeline.relation.scores import ScoreTable
from klue_pipeline.relation.targets import take_answered, target_labels

logger = logging.getLogger(__name__)


def evaluate(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    fold_report: dict[str, Any],
    test_scores: ScoreTable,
    test_gold: pd.DataFrame,
    labels: dict[str, Any],
    target: TargetParams,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judge out-of-fold scores overall and by fold, and test scores where their labels are known.

    A model of another target than ``all`` is judged on the rows that have an answer to its
    question, in its own labels.

    Returns:
        ``out_of_fold``, ``folds`` (by name, with the leak rate of each), ``leak_rate`` of the
        split from 0 to 1, and ``test`` (None without true labels). Twice: once for the latest run,
        once for the experiment's own folder.
    """
    out_of_fold, gold, label_set = _judged(out_of_fold, clean_sentences, labels, target)
    test_scores, test_answers, _ = _judged(test_scores, test_gold, labels, target)
    leak_rates = {f"fold_{fold['fold']}": fold["leak_rate"] for fold in fold_report["folds"]}
    by_fold = evaluate_by_fold(out_of_fold, gold, label_set)
    metrics = {
        "out_of_fold": evaluate_scores(out_of_fold, gold, label_set),
        "folds": {name: {**own, "leak_rate": leak_rates[name]} for name, own in by_fold.items()},
        "leak_rate": fold_report["leak_rate"],
        "test": evaluate_known_rows(test_scores, test_answers, label_set),
    }
    for name in ("out_of_fold", "test"):
        if own := metrics[name]:
            logger.info("%s: micro F1 %.2f, AUPRC %.2f", name, own["micro_f1"], own["auprc"])
    return metrics, metrics


def tabulate_labels(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    labels: dict[str, Any],
    target: TargetParams,
) -> pd.DataFrame:
    """Judge each label apart on the out-of-fold scores."""
    return per_label_table(*_judged(out_of_fold, clean_sentences, labels, target))


def plot_confusion_matrix(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    labels: dict[str, Any],
    target: TargetParams,
) -> Any:
    """Draw which labels the out-of-fold models take for which.

    Returns:
        A matplotlib figure. Not annotated as one: Kedro resolves the annotations of every node,
        and importing matplotlib for that would slow down every command.
    """
    from klue_pipeline.relation.figures import draw_confusion_matrix

    scores, gold, label_set = _judged(out_of_fold, clean_sentences, labels, target)
    counts = confusion_counts(scores, gold, label_set)
    return draw_confusion_matrix(counts, label_set.names, "Out-of-fold predictions")


def plot_learning_curves(**histories: pd.DataFrame) -> Any:
    """Draw the training histories of all folds; each argument is named after its fold.

    Returns:
        A matplotlib figure.
    """
    from klue_pipeline.relation.figures import draw_learning_curves

    return draw_learning_curves(histories)


def _judged(
    scores: ScoreTable, rows: pd.DataFrame, labels: dict[str, Any], target: TargetParams
) -> tuple[ScoreTable, pd.Series, LabelSet]:
    """Return the scores that can be judged, the true labels and the labels to judge by."""
    label_set = LabelSet.model_validate(labels)
    judged, gold = take_answered(scores, gold_by_row(rows), label_set, target)
    return judged, gold, target_labels(label_set, target)
