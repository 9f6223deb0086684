"""Nodes of the clean pipeline: sentences -> cleaned sentences and the folds they fall into."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.cleaning import Evidence, Tables, clean_tables
from klue_pipeline.relation.cleaning.driver import require_rows_left
from klue_pipeline.relation.ingest.labels import require_learnable
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.relation.settings.params import IngestParams
from klue_pipeline.relation.splits.fold_report import report_folds
from klue_pipeline.relation.splits.groups import connected_groups
from klue_pipeline.training.params import FoldsParams
from klue_pipeline.training.splitting.fold_members import tabulate_members
from klue_pipeline.training.splitting.folds import RowsToSplit, split_rows

logger = logging.getLogger(__name__)


def clean_sentences(
    *,
    sentences: pd.DataFrame,
    test_sentences: pd.DataFrame,
    labels: LabelSet,
    reviewed_rows: pd.DataFrame | None,
    clean: CleanParams,
    ingest: IngestParams,
    **earlier: ScoreTable,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Apply the chosen rules: drop and change training rows, change test rows alike.

    Args:
        sentences: Training rows; schema ``Sentences``.
        test_sentences: Test rows, none of which leaves; schema ``TestSentences``.
        labels: The label set.
        reviewed_rows: What the user decided about rows, or None.
        clean: Which rules, in which order.
        ingest: Whether the rows are a sample, in which the user's rows may be missing.
        earlier: Out-of-fold scores of the earlier experiment that is asked, if one is.

    Returns:
        Clean training rows, clean test rows, the rows that left and the cells that were changed
        (from which the former tables can be restored), and the counts.
    """
    evidence = Evidence(
        labels=labels,
        row_ids=frozenset(sentences["row_id"]),
        is_sample=ingest.max_rows is not None,
        reviewed_rows=reviewed_rows,
        earlier_scores=next(iter(earlier.values()), None),
    )
    if reviewed_rows is not None and "reviewed_rows" not in clean.rules:
        logger.warning("raw.reviewed_rows is not read: reviewed_rows is not among clean.rules")
    cleaned = clean_tables(Tables(sentences, test_sentences), clean, evidence)
    rows = cleaned.tables
    require_rows_left(rows.train, cleaned.report)
    require_learnable(
        rows.train["label"].tolist(), labels.negative, "training rows that cleaning left"
    )
    return rows.train, rows.test, cleaned.dropped_rows, cleaned.changed_rows, cleaned.report


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
