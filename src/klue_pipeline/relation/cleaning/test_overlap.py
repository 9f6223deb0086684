"""Keep rows of the test file out of training."""

import logging

import pandas as pd

from klue_pipeline.relation.cleaning.interface import (
    STAYS,
    Evidence,
    Outcome,
    Tables,
    is_readable,
)
from klue_pipeline.relation.settings.clean_params import CleanParams

logger = logging.getLogger(__name__)

IN_TEST_FILE = "in_test_file"
_KEY = ["sentence", "pair_key"]


def find_test_overlap(tables: Tables, clean: CleanParams, _: Evidence) -> Outcome:
    """Find training rows whose sentence and entity pair are in the test file, and drop them.

    A model that was trained on them has seen these test rows with an answer (17 training rows of
    KLUE-RE). The pair counts whichever of its entities is the subject. With ``action: report``
    such rows stay, and a warning says so.
    """
    is_in_test = _is_in(tables.train, tables.test)
    test = tables.test[is_readable(tables.test)]
    action = clean.test_overlap.action
    counts = {
        "action": action,
        "training_rows_in_test": int(is_in_test.sum()),
        "test_rows_in_training": int(_is_in(test, tables.train).sum()),
    }
    if action == "report":
        _warn_of_overlap(int(is_in_test.sum()))
        return Outcome(tables, counts=counts)
    reasons = pd.Series(STAYS, index=tables.train.index, dtype=object)
    reasons[is_in_test] = IN_TEST_FILE
    return Outcome(tables, reasons, counts=counts)


def _is_in(rows: pd.DataFrame, others: pd.DataFrame) -> pd.Series:
    """Say of each row whether its sentence and pair are among the others that can be read."""
    known = pd.MultiIndex.from_frame(others.loc[is_readable(others), _KEY])
    found = pd.MultiIndex.from_frame(rows[_KEY]).isin(known)
    return pd.Series(found, index=rows.index, dtype=bool)


def _warn_of_overlap(n_rows: int) -> None:
    if n_rows:
        logger.warning(
            "%d training rows are in the test file too and stay (clean.test_overlap.action is "
            "report): the model learns the answers to these test rows",
            n_rows,
        )
