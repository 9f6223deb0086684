"""Keep rows of the test file out of training."""

import logging

import pandas as pd

from klue_pipeline.relation.cleaning.interface import (
    Evidence,
    Outcome,
    Tables,
    give_reasons,
    is_readable,
)
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)

IN_TEST_FILE = "in_test_file"
_KEY = ["sentence", "pair_key"]


def find_test_overlap(tables: Tables, clean: CleanParams, _: Evidence) -> Outcome:
    """Find training rows whose sentence and entity pair are in the test file, and drop them.

    A model that was trained on them has seen these test rows with an answer (17 training rows of
    KLUE-RE). The pair counts whichever of its entities is the subject. With ``action: report``
    such rows stay, and a warning says so.
    """
    readable = tables.test[is_readable(tables.test)]
    is_in_test = occurs_in(tables.train, readable, _KEY)
    action = clean.test_overlap.action
    counts = {
        "action": action,
        "training_rows_in_test": int(is_in_test.sum()),
        "test_rows_in_training": int(occurs_in(readable, tables.train, _KEY).sum()),
    }
    if action == "report":
        _warn_of_overlap(int(is_in_test.sum()))
        return Outcome(tables, counts=counts)
    return Outcome(tables, give_reasons(tables.train, (is_in_test, IN_TEST_FILE)), counts=counts)


def occurs_in(rows: pd.DataFrame, others: pd.DataFrame, columns: list[str]) -> pd.Series:
    """Find rows that agree in some columns with one of the others."""
    known = pd.MultiIndex.from_frame(others[columns])
    found = pd.MultiIndex.from_frame(rows[columns]).isin(known)
    return pd.Series(found, index=rows.index, dtype=bool)


def _warn_of_overlap(n_rows: int) -> None:
    if n_rows:
        logger.warning(
            "Kept %s that the test file has too (clean.test_overlap.action is report): "
            "the model learns the answers to these test rows",
            counted(n_rows, "training row"),
        )
