"""What the members of a blend say about the same rows, and how differently they err."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.evaluation.logits import LOG_ZERO, log_probabilities
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores, take_common_rows
from klue_pipeline.relation.ensemble.methods.interface import LogProbabilities

COLUMNS = (
    "first", "second", "error_correlation", "disagreement", "both_wrong", "oracle_accuracy",
)  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """Members and what they say about one set of rows.

    Attributes:
        names: The members.
        rows: One member's scores, for the row ids, folds and labels that all share.
        log_probabilities: Shape: (members, rows, labels).
    """

    names: tuple[str, ...]
    rows: ScoreTable
    log_probabilities: LogProbabilities

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)


@dataclass(frozen=True)
class LabelledPanel(Panel):
    """Members and what they say about rows whose true labels are known.

    Attributes:
        labelled: The scores of ``rows`` with their true labels.
    """

    labelled: LabelledScores

    @property
    def truth(self) -> NDArray[np.int64]:
        """True label ids. Shape: (rows,)."""
        return self.labelled.truth

    def score(self, probabilities: NDArray[np.floating]) -> LabelledScores:
        """Write probabilities of these rows as scores that can be judged."""
        return self.labelled.with_table(table_of(probabilities, self.rows))


def seat_out_of_fold(members: Mapping[str, LabelledScores]) -> LabelledPanel:
    """Bring out-of-fold scores together, on the rows that all members scored."""
    common = take_common_rows(list(members.values()))
    tables = [scores.table for scores in common]
    return LabelledPanel(tuple(members), tables[0], _stack(tables), common[0])


def seat_test(tables: Mapping[str, ScoreTable]) -> Panel:
    """Bring test scores together, in the order of the first member's rows.

    Raises:
        ValueError: A member lacks a row.
    """
    first = next(iter(tables.values()))
    row_ids = first.row_ids.tolist()
    ordered = [table.in_order_of(row_ids) for table in tables.values()]
    return Panel(tuple(tables), ordered[0], _stack(ordered))


def table_of(probabilities: NDArray[np.floating], rows: ScoreTable) -> ScoreTable:
    """Write probabilities as a score table over the rows of another: their logarithms."""
    logits = np.log(np.maximum(probabilities, np.exp(LOG_ZERO))).astype(np.float32)
    return ScoreTable(rows.row_ids, logits, rows.labels, rows.folds, rows.fingerprint)


def _stack(tables: list[ScoreTable]) -> LogProbabilities:
    stacked = np.empty((len(tables), *tables[0].logits.shape), dtype=np.float32)
    for place, table in enumerate(tables):
        stacked[place] = log_probabilities(table.logits)
    return stacked


def tabulate_diversity(panel: LabelledPanel) -> pd.DataFrame:
    """Compare the errors of every two members: what a blend of them can gain at most.

    Returns:
        One row per pair: ``error_correlation`` (of being wrong, -1 to 1; NaN where one is never or
        always wrong), and from 0 to 100 ``disagreement`` (rows with different predictions),
        ``both_wrong``, and ``oracle_accuracy`` (rows that at least one has right).
    """
    predicted = panel.log_probabilities.argmax(axis=2)
    is_wrong = predicted != panel.truth
    lines = [
        (
            panel.names[first],
            panel.names[second],
            _correlation(is_wrong[first], is_wrong[second]),
            PERCENT * (predicted[first] != predicted[second]).mean(),
            PERCENT * (is_wrong[first] & is_wrong[second]).mean(),
            PERCENT * (~(is_wrong[first] & is_wrong[second])).mean(),
        )
        for first, second in combinations(range(len(panel.names)), 2)
    ]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def oracle_accuracy(panel: LabelledPanel) -> float:
    """Return the share of rows that at least one member has right, 0 to 100."""
    is_right = panel.log_probabilities.argmax(axis=2) == panel.truth
    return PERCENT * float(is_right.any(axis=0).mean())


def _correlation(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> float:
    """Return the correlation of two yes-or-no variables (phi)."""
    spread = np.sqrt(first.mean() * (1 - first.mean()) * second.mean() * (1 - second.mean()))
    if spread == 0:
        return float("nan")
    return float(((first & second).mean() - first.mean() * second.mean()) / spread)
