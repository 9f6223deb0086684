"""Nodes of the eda pipeline: cleaned rows of both files -> tables, figures and a report.

Tables that need no more than tables are made by the library's functions themselves.

Figures are not annotated as such: Kedro resolves the annotations of every node, and importing
matplotlib for that would slow down every command.
"""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.exploration import adversarial, distributions
from klue_pipeline.relation.exploration.comparison import usable_rows
from klue_pipeline.relation.exploration.report import Findings, report_findings
from klue_pipeline.relation.settings.exploration_params import ExploreParams
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)


def tabulate_label_shares(
    clean_sentences: pd.DataFrame,
    clean_test_sentences: pd.DataFrame,
    labels: LabelSet,
    earlier_test_scores: ScoreTable | None,
) -> pd.DataFrame:
    """Count the training labels; estimate those of the test rows if an earlier run scored them."""
    return distributions.tabulate_label_shares(
        clean_sentences, clean_test_sentences, labels, earlier_test_scores
    )


def tabulate_type_pairs(clean_sentences: pd.DataFrame, labels: LabelSet) -> pd.DataFrame:
    """Count the training rows by label and pair of entity types."""
    return distributions.tabulate_type_pairs(clean_sentences, labels)


def tell_files_apart(
    clean_sentences: pd.DataFrame,
    clean_test_sentences: pd.DataFrame,
    eda_rows: pd.DataFrame,
    eda: ExploreParams,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """See whether a classifier can tell training rows from test rows, and by what.

    Returns:
        The AUC with its spread over folds, and the features that give the file away.
    """
    found = adversarial.tell_files_apart(
        clean_sentences, clean_test_sentences, eda_rows, eda.adversarial
    )
    for name, auc in found.report["auc"].items():
        logger.info(
            "Train against test, features %s: AUC %.3f (folds ± %.3f)",
            name, auc["mean"], auc["standard_deviation"],
        )  # fmt: skip
    return found.report, found.features


def report_exploration(  # noqa: PLR0913, PLR0917 (one argument per input of the node)
    clean_sentences: pd.DataFrame,
    clean_test_sentences: pd.DataFrame,
    eda_rows: pd.DataFrame,
    eda_labels: pd.DataFrame,
    eda_shares: pd.DataFrame,
    eda_repetition: pd.DataFrame,
    eda_adversarial: dict[str, Any],
    max_tokens: int,
    eda: ExploreParams,
) -> dict[str, Any]:
    """Put the numbers of all tables into one report, and log how far the files are apart."""
    findings = Findings(eda_labels, eda_shares, eda_rows, eda_repetition, eda_adversarial)
    report = report_findings(findings, clean_sentences, clean_test_sentences, max_tokens, eda)
    if left_out := report["rows"]["test_left_out"]:
        logger.warning("Left out: %s that no model can read.", counted(left_out, "test row"))
    compared = {**report["shares"], "tokens": report["lengths"]["tokens"]}
    for feature, found in compared.items():
        if found["total_variation_distance"] is not None:
            logger.info(
                "Train and test differ in %s by %.1f %% (by chance %.1f %%)", feature,
                100 * found["total_variation_distance"], 100 * found["distance_by_chance"],
            )  # fmt: skip
    return report


def plot_label_shares(eda_labels: pd.DataFrame, clean_test_sentences: pd.DataFrame) -> Any:
    """Draw the labels of the training rows, and the estimate for the test rows."""
    from klue_pipeline.relation.exploration.figures import draw_label_shares

    return draw_label_shares(eda_labels, len(usable_rows(clean_test_sentences)))


def plot_shares(eda_shares: pd.DataFrame) -> Any:
    """Draw sources and entity types, train beside test."""
    from klue_pipeline.relation.exploration.figures import draw_shares

    return draw_shares(eda_shares)


def plot_type_pairs(eda_type_pairs: pd.DataFrame) -> Any:
    """Draw which entity types each label goes with."""
    from klue_pipeline.relation.exploration.figures import draw_type_pairs

    return draw_type_pairs(eda_type_pairs)


def plot_lengths(eda_rows: pd.DataFrame, max_tokens: int) -> Any:
    """Draw lengths in characters and tokens, and what ``max_tokens`` would window."""
    from klue_pipeline.relation.exploration.figures import draw_lengths

    return draw_lengths(eda_rows, max_tokens)


def plot_entities(eda_rows: pd.DataFrame) -> Any:
    """Draw distance, order and length of the entities."""
    from klue_pipeline.relation.exploration.figures import draw_entities

    return draw_entities(eda_rows)


def plot_adversarial(eda_adversarial: dict[str, Any], features: pd.DataFrame) -> Any:
    """Draw how well the files can be told apart, and by what."""
    from klue_pipeline.relation.exploration.figures import draw_adversarial

    return draw_adversarial(eda_adversarial, features)
