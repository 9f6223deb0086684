"""Nodes of the clean pipeline: sentences -> cleaned sentences and the folds they fall into."""

from typing import Any

import pandas as pd

from klue_pipeline.relation.cleaning import remove_duplicates
from klue_pipeline.relation.fold_report import report_folds
from klue_pipeline.relation.groups import connected_groups
from klue_pipeline.relation.params import CleanParams, LabelSet
from klue_pipeline.training.folds import RowsToSplit, split_rows, tabulate_members
from klue_pipeline.training.params import FoldsParams


def clean_sentences(
    sentences: pd.DataFrame, labels: dict[str, Any], clean: CleanParams
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Drop exact duplicates and resolve contradictory ones.

    Args:
        sentences: Training rows; schema ``sentences``.
        labels: The label set.
        clean: What leaves.

    Returns:
        The rows that stay, the rows that leave and why, and the counts.
    """
    return remove_duplicates(sentences, LabelSet.model_validate(labels).negative, clean)


def assign_folds(
    clean_sentences: pd.DataFrame, folds: FoldsParams
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Draw the validation rows of every fold and say how far the split can be trusted.

    Args:
        clean_sentences: Training rows; schema ``sentences``.
        folds: Strategy, number of folds and seed.

    Returns:
        Fold members (columns ``fold`` and ``row_id``) and the fold report.
    """
    rows = RowsToSplit(
        labels=clean_sentences["label"].to_numpy(dtype=object),
        groups=connected_groups(clean_sentences),
        given_fold=clean_sentences["given_fold"],
    )
    validation_parts = split_rows(rows, folds)
    fold_members = tabulate_members(clean_sentences["row_id"], validation_parts)
    return fold_members, report_folds(clean_sentences, validation_parts, folds)
