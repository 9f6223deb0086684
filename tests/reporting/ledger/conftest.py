"""A ledger in a few words per row."""

import pandas as pd
import pytest

from klue_pipeline.relation.metrics.task_scores import RELATION_SCORES
from klue_pipeline.reporting.ledger.table import LedgerColumns, check_ledger

COLUMNS = LedgerColumns.of_task(RELATION_SCORES)
ENDS = ("", "_low", "_high")


@pytest.fixture
def make_ledger():
    """Build a ledger of rows that say only what matters.

    ``predicted`` and ``auprc`` are a score with its interval, ``public`` is the actual micro F1,
    any other key a column.
    """

    def build(*rows):
        cells = [_cells(number, dict(row)) for number, row in enumerate(rows)]
        return check_ledger(pd.DataFrame(cells, columns=COLUMNS.all), COLUMNS)

    return build


def _cells(number, row):
    named = {"sha256": f"{number:x}" * 64, "file": f"file_{number}.csv", "name": f"name_{number}",
             "created_at": "2021-10-04T09:00:00Z", "prior": "given"}  # fmt: skip
    for key, metric in (("predicted", "micro_f1"), ("auprc", "auprc")):
        columns = [f"predicted_{metric}{end}" for end in ENDS]
        named |= dict(zip(columns, row.pop(key, [None] * len(columns)), strict=True))
    if "public" in row:
        row["public_micro_f1"] = row.pop("public")
    return named | row
