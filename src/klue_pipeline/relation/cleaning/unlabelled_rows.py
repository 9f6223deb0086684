"""Rows without labels that a student learns from, written as cleaning writes test rows."""

import logging

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.cleaning.interface import Evidence, Rule, Tables
from klue_pipeline.relation.cleaning.normalise_text import normalise_sentences
from klue_pipeline.relation.cleaning.repair_types import repair_entity_types
from klue_pipeline.relation.settings.clean_params import CleanParams, CleanRule

logger = logging.getLogger(__name__)

_CHANGES_TEST_ROWS: dict[CleanRule, Rule] = {
    "normalise_text": normalise_sentences,
    "repair_types": repair_entity_types,
}
"""Rules that write rows of any file alike; the others drop rows or ask labels."""


def clean_unlabelled_rows(
    unlabelled: pd.DataFrame, sentences: pd.DataFrame, labels: LabelSet, clean: CleanParams
) -> pd.DataFrame:
    """Write rows as the rules write test rows, and leave out those with a labelled row's sentence.

    A row whose sentence some fold holds out would let the student read what it is judged on.

    Args:
        unlabelled: Usable rows without labels; schema ``TestSentences``.
        sentences: Labelled rows before cleaning; schema ``Sentences``.
        labels: The label set.
        clean: Which rules.
    """
    evidence = Evidence(labels, row_ids=frozenset(sentences["row_id"]))
    tables = Tables(sentences, unlabelled)
    for name in clean.rules:
        if name in _CHANGES_TEST_ROWS:
            tables = _CHANGES_TEST_ROWS[name](tables, clean, evidence).tables
    labelled = set(sentences["sentence"]) | set(tables.train["sentence"])
    is_new = ~tables.test["sentence"].isin(labelled)
    logger.info(
        "%d of %d rows without labels are learnt from; the sentences of the other %d are among the "
        "labelled rows",
        is_new.sum(), len(is_new), (~is_new).sum(),
    )  # fmt: skip
    return tables.test[is_new].reset_index(drop=True)
