"""What the members of a blend say, brought together: the same rows in the same order."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.alignment import rows_common_to_all
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.logits import LOG_ZERO, log_probabilities
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_by_row, gold_ids, negative_id
from klue_pipeline.relation.ensemble.methods.interface import Said


@dataclass(frozen=True)
class Panel:
    """Members and what they say about one set of rows.

    Attributes:
        names: The members.
        rows: One member's scores, for the row ids, folds and labels that all share.
        said: Shape: (members, rows, labels).
    """

    names: tuple[str, ...]
    rows: ScoreTable
    said: Said

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)


def seat_out_of_fold(tables: Mapping[str, ScoreTable]) -> Panel:
    """Bring out-of-fold scores together, on the rows that all members scored."""
    aligned = rows_common_to_all(list(tables.values()))
    return _seat(dict(zip(tables, aligned, strict=True)))


def seat_test(tables: Mapping[str, ScoreTable]) -> Panel:
    """Bring test scores together, in the order of the first member's rows.

    Raises:
        ValueError: A member lacks a row.
    """
    first = next(iter(tables.values()))
    row_ids = first.row_ids.tolist()
    return _seat({name: table.in_order_of(row_ids) for name, table in tables.items()})


def table_of(probabilities: NDArray[np.floating], rows: ScoreTable) -> ScoreTable:
    """Write probabilities as a score table over the rows of another: their logarithms."""
    logits = np.log(np.maximum(probabilities, np.exp(LOG_ZERO))).astype(np.float32)
    return ScoreTable(rows.row_ids, logits, rows.labels, rows.folds, rows.fingerprint)


def _seat(tables: Mapping[str, ScoreTable]) -> Panel:
    first = next(iter(tables.values()))
    said = np.empty((len(tables), len(first), len(first.labels)), dtype=np.float32)
    for place, table in enumerate(tables.values()):
        said[place] = log_probabilities(table.logits)
    return Panel(tuple(tables), first, said)


@dataclass(frozen=True)
class BlendTask:
    """What a blend is judged and decoded with.

    Attributes:
        sentences: The training rows; schema ``Sentences``.
        fold_members: Which rows each fold holds out: ``fold`` and ``row_id``.
        test_sentences: The test rows; schema ``TestSentences``.
        labels: The labels to score.
    """

    sentences: pd.DataFrame
    fold_members: pd.DataFrame
    test_sentences: pd.DataFrame
    labels: LabelSet

    @property
    def gold(self) -> pd.Series:
        """True label names, indexed by row id."""
        return gold_by_row(self.sentences)

    @property
    def negative_id(self) -> int | None:
        """Id of the label that means no relation, or None."""
        return negative_id(self.labels)

    def gold_ids(self, scores: ScoreTable) -> NDArray[np.int64]:
        """Return the true label ids of scored training rows. Shape: (rows,)."""
        return gold_ids(scores, self.gold, self.labels)
