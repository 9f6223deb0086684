"""Raw questions and documents -> the tables that every retriever reads."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.odqa.ingest.questions import parse_questions as parse
from klue_pipeline.odqa.ingest.raw_questions import RawQuestions
from klue_pipeline.odqa.passages import gold, groups, parts, splitting
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams, PartsParams, PassagesParams
from klue_pipeline.text.records.raw_file import RawFile

logger = logging.getLogger(__name__)


def parse_questions(
    raw_train: RawQuestions,
    raw_validation: RawQuestions | None,
    raw_test: RawQuestions,
    ingest: OdqaIngestParams,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the questions of all parts; labelled ones that cannot be used are set aside.

    Returns:
        Good questions (schema ``Questions``) and bad ones with their reasons.
    """
    return parse(raw_train, raw_validation, raw_test, ingest)


def split_documents(
    raw_documents: RawFile,
    questions: pd.DataFrame,
    passages: PassagesParams,
    ingest: OdqaIngestParams,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Cut documents into passages, and merge those that are equal.

    Returns:
        Passages (schema ``Passages``), merged ones with the one that stays, documents that cannot
        be used with their reasons, and the counts.
    """
    found = splitting.split_documents(raw_documents, questions, passages, ingest)
    return found.passages, found.merged, found.rejected, found.report


def group_passages(passages: pd.DataFrame, params: PassagesParams) -> pd.DataFrame:
    """Find passages that say nearly the same; schema ``PassageGroups``."""
    return groups.group_passages(passages, params)


def link_gold(
    questions: pd.DataFrame, passages: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Find the passages that hold the gold answers; what has none is counted."""
    return gold.link_gold(questions, passages)


def assign_parts(
    questions: pd.DataFrame,
    gold_passages: pd.DataFrame,
    passage_groups: pd.DataFrame,
    params: PartsParams,
) -> pd.DataFrame:
    """Say which labelled questions are learnt from, and which are judged on."""
    return parts.assign_parts(questions, gold_passages, passage_groups, params)
