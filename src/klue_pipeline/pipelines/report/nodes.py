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
from klue_pipeline.relation.params import LabelSet
from klue_pipeline.relation.scores import ScoreTable

logger = logging.getLogger(__name__)


def evaluate(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    fold_report: dict[str, Any],
    test_scores: ScoreTable,
    test_gold: pd.DataFrame,
    labels: dict[str, Any],
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Judge out-of-fold scores overall and by fold, and test scores where their labels are known.

    Returns:
        ``out_of_fold``, ``folds`` (by name, with the leak rate of each), ``leak_rate`` of the
        split from 0 to 1, and ``test`` (None without true labels). Twice: once for the latest run,
        once for the experiment's own folder.
    """
    label_set, gold = LabelSet.model_validate(labels), gold_by_row(clean_sentences)
    leak_rates = {f"fold_{fold['fold']}": fold["leak_rate"] for fold in fold_report["folds"]}
    by_fold = evaluate_by_fold(out_of_fold, gold, label_set)
    metrics = {
        "out_of_fold": evaluate_scores(out_of_fold, gold, label_set),
        "folds": {name: {**own, "leak_rate": leak_rates[name]} for name, own in by_fold.items()},
        "leak_rate": fold_report["leak_rate"],
        "test": evaluate_known_rows(test_scores, gold_by_row(test_gold), label_set),
    }
    for name in ("out_of_fold", "test"):
        if own := metrics[name]:
            logger.info("%s: micro F1 %.2f, AUPRC %.2f", name, own["micro_f1"], own["auprc"])
    return metrics, metrics


def tabulate_labels(
    out_of_fold: ScoreTable, clean_sentences: pd.DataFrame, labels: dict[str, Any]
) -> pd.DataFrame:
    """Judge each label apart on the out-of-fold scores."""
    label_set = LabelSet.model_validate(labels)
    return per_label_table(out_of_fold, gold_by_row(clean_sentences), label_set)


def plot_confusion_matrix(
    out_of_fold: ScoreTable, clean_sentences: pd.DataFrame, labels: dict[str, Any]
) -> Any:
    """Draw which labels the out-of-fold models take for which.

    Returns:
        A matplotlib figure. Not annotated as one: Kedro resolves the annotations of every node,
        and importing matplotlib for that would slow down every command.
    """
    from klue_pipeline.relation.figures import draw_confusion_matrix

    label_set = LabelSet.model_validate(labels)
    counts = confusion_counts(out_of_fold, gold_by_row(clean_sentences), label_set)
    return draw_confusion_matrix(counts, label_set.names, "Out-of-fold predictions")


def plot_learning_curves(**histories: pd.DataFrame) -> Any:
    """Draw the training histories of all folds; each argument is named after its fold.

    Returns:
        A matplotlib figure.
    """
    from klue_pipeline.relation.figures import draw_learning_curves

    return draw_learning_curves(histories)
