"""A raw training file -> the sentences to learn from, and the rows set aside."""

import logging
from collections.abc import Sequence

import pandas as pd

from klue_pipeline.relation.ingest.labels import name_label
from klue_pipeline.relation.ingest.parsing.raw_row import RawRow
from klue_pipeline.relation.ingest.row_checks import (
    RowRules,
    sort_out,
)
from klue_pipeline.relation.ingest.sentence_table import build_sentences
from klue_pipeline.text.records.problems import (
    count_reasons,
    require_few_problems,
    require_rows,
    table_problems,
)

logger = logging.getLogger(__name__)


def normalise_training_rows(
    file_name: str, rows: Sequence[RawRow], rules: RowRules, max_rejected_share: float
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Check every row and part the good from the bad; none is lost.

    Args:
        file_name: The training file, for messages and the table of bad rows.
        rows: All its rows in order.
        rules: What a row may say.
        max_rejected_share: Largest share of bad rows that passes, from 0 to 1.

    Returns:
        Good rows (schema ``Sentences``) and bad ones (``RejectedRows``), both in file order.

    Raises:
        ValueError: No row has a label, too many rows are bad, or no row is left.
    """
    _require_labels(file_name, rows, rules)
    good, problems = sort_out(rows, rules)
    _log_counts(file_name, len(good), count_reasons(problems), len(problems))
    require_few_problems(file_name, len(rows), problems, max_rejected_share)
    require_rows(file_name, len(good), problems)
    labels = [name_label(row.label, rules.numbered_names) for row in good]
    return build_sentences(good, labels), table_problems(file_name, problems)


def _log_counts(file_name: str, n_good: int, reasons: str, n_bad: int) -> None:
    level = logging.WARNING if n_bad else logging.INFO
    n_rows = n_good + n_bad
    message = "%s: %d training rows read, %d kept, %d rejected (%s)"
    logger.log(level, message, file_name, n_rows, n_good, n_bad, reasons)


def _require_labels(file_name: str, rows: Sequence[RawRow], rules: RowRules) -> None:
    readable = [row for row in rows if row.problem is None and row.misfits is None]
    if readable and all(name_label(row.label, rules.numbered_names) is None for row in readable):
        raise ValueError(
            f"{file_name} has no labels to train on: in all of its {len(readable):,} rows the "
            "label is absent or stands for none (such as 100). Is it the test file? Give the "
            "training file with --params raw.train=<file>."
        )
