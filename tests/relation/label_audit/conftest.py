"""Audited rows with chosen probabilities."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.label_audit import AuditedRows, Judgement


@pytest.fixture
def make_audited():
    """Return a function that makes audited rows of given label ids and probabilities."""

    def make(given, probabilities, rows=None, names=None):
        probabilities = np.asarray(probabilities, dtype=np.float64)
        names = names or [f"label_{number}" for number in range(probabilities.shape[1])]
        if rows is None:
            ids = [str(number) for number in range(len(given))]
            rows = pd.DataFrame({"row_id": ids, "label": [names[label] for label in given]})
        return AuditedRows(
            rows=rows,
            given=np.asarray(given, dtype=np.int64),
            probabilities=probabilities,
            labels=LabelSet(names=names, negative=None),
            n_rows=len(rows) + 5,
            n_unscored=3,
            n_unanswered=2,
            n_averaged=1,
        )

    return make


@pytest.fixture
def make_judgement():
    """Return a function that makes a judgement; what a test does not look at is zero."""

    def make(n_rows, **fields):
        zeros = np.zeros(n_rows)
        usual = {
            "is_issue": zeros.astype(bool), "self_confidence": zeros,
            "suggested": zeros.astype(int), "suggested_probability": zeros,
            "order": np.arange(n_rows), "joint": np.zeros((3, 3), dtype=np.int64),
        }  # fmt: skip
        return Judgement(**usual | {name: np.array(values) for name, values in fields.items()})

    return make
