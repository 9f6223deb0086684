"""The table of scores that one model, one fold or one experiment leaves behind.

Scores are logits: one real number per label, higher is better. Probabilities are derived from
them and never stored.
"""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import softmax

from klue_pipeline.text.counts import counted


@dataclass(frozen=True)
class ScoreTable:
    """Scores of rows under an ordered list of labels.

    Attributes:
        row_ids: Row ids in the order of ``logits``. Shape: (rows,).
        logits: Scores, float32. Shape: (rows, labels).
        labels: Label names in the order of the columns of ``logits``.
        folds: The fold whose model scored each row as validation row, or None for test rows.
            Shape: (rows,).
        fingerprint: What made the scores, by name: the content hash of the rows (``rows``) and,
            for validation scores, of the split (``folds``). Two tables can be blended only if
            theirs agree.
    """

    row_ids: NDArray[np.object_]
    logits: NDArray[np.float32]
    labels: tuple[str, ...]
    folds: NDArray[np.int64] | None = None
    fingerprint: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check the shapes once, so that nobody has to check them again.

        Raises:
            ValueError: The numbers of rows or labels disagree.
        """
        wanted = (len(self.row_ids), len(self.labels))
        if self.logits.shape != wanted:
            raise ValueError(f"Scores have shape {self.logits.shape}; {wanted} was wanted.")
        if self.folds is not None and len(self.folds) != len(self.row_ids):
            raise ValueError(f"Found {len(self.folds)} fold numbers for {len(self.row_ids)} rows.")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.row_ids)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Softmax of the scores in double precision. Shape: (rows, labels); rows sum to 1."""
        return np.asarray(softmax(self.logits.astype(np.float64), axis=1))

    @property
    def predictions(self) -> NDArray[np.object_]:
        """The best label of each row. Shape: (rows,)."""
        names: NDArray[np.object_] = np.array(self.labels, dtype=object)
        best: NDArray[np.object_] = names[self.logits.argmax(axis=1)]
        return best

    def take(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> "ScoreTable":
        """Return the scores of some rows, given as positions in the wanted order or as a mask."""
        folds = None if self.folds is None else self.folds[rows]
        return replace(self, row_ids=self.row_ids[rows], logits=self.logits[rows], folds=folds)

    @property
    def keys(self) -> pd.MultiIndex:
        """Fold and id of each row, which together name it; test rows have no fold."""
        folds = np.zeros(len(self), dtype=np.int64) if self.folds is None else self.folds
        return pd.MultiIndex.from_arrays([folds, self.row_ids])

    def in_order_of(self, row_ids: list[str]) -> "ScoreTable":
        """Return the same scores with rows in the order of ``row_ids``.

        Raises:
            ValueError: A wanted row has no score, or a row was scored more than once.
        """
        place = {row_id: index for index, row_id in enumerate(self.row_ids)}
        if len(place) != len(self):
            raise ValueError("Rows scored more than once (overlapping folds) have no single order.")
        missing = [row_id for row_id in row_ids if row_id not in place]
        if missing:
            found = counted(len(missing), "row")
            raise ValueError(f"Found {found} without a score, among them {missing[:3]}.")
        return self.take(np.array([place[row_id] for row_id in row_ids], dtype=np.int64))


def rows_common_to_all(tables: list[ScoreTable]) -> list[NDArray[np.int64]]:
    """Find the out-of-fold rows that every table has, in the order of the first table.

    Experiments may have trained different folds of the same split. A row held out by several
    folds counts once per fold.

    Args:
        tables: At least one table of out-of-fold scores.

    Returns:
        For each table, the positions of the common rows; all empty if there are none.
    """
    keys = [table.keys for table in tables]
    common = keys[0]
    for other in keys[1:]:
        common = common[common.isin(other)]
    return [np.asarray(found.get_indexer(common), dtype=np.int64) for found in keys]


def concatenate(tables: list[ScoreTable]) -> ScoreTable:
    """Stack the rows of tables with the same labels and the same fingerprint.

    Raises:
        ValueError: There is no table, or labels or fingerprints disagree; the field is named.
    """
    if not tables:
        raise ValueError("There are no scores to collect; train at least one fold first.")
    first = tables[0]
    for table in tables[1:]:
        require_same_origin(first, table)
    folds = [table.folds for table in tables if table.folds is not None]
    return replace(
        first,
        row_ids=np.concatenate([table.row_ids for table in tables]),
        logits=np.concatenate([table.logits for table in tables]),
        folds=np.concatenate(folds) if folds else None,
    )


def average_probabilities(tables: list[ScoreTable]) -> ScoreTable:
    """Average the probabilities of several tables over the same rows in the same order.

    The result's logits are the logarithms of the mean probabilities, so that their softmax gives
    the mean back.

    Raises:
        ValueError: There is no table, or rows, labels or fingerprints disagree.
    """
    if not tables:
        raise ValueError("There are no scores to average; predict at least one fold first.")
    first = tables[0]
    for table in tables[1:]:
        require_same_origin(first, table)
        if not np.array_equal(first.row_ids, table.row_ids):
            raise ValueError("Scores to average list different rows, or the same in another order.")
    total = sum(table.probabilities for table in tables) / len(tables)
    logits = np.log(np.maximum(total, np.finfo(np.float32).tiny)).astype(np.float32)
    return replace(first, logits=logits)


def require_same_origin(first: ScoreTable, second: ScoreTable) -> None:
    """Refuse two tables that were not made from the same rows, split and labels.

    Raises:
        ValueError: Naming the first field that differs, with both values.
    """
    if first.labels != second.labels:
        raise ValueError(
            "Scores cannot be combined: they were made for different labels or orders."
        )
    for name in sorted(first.fingerprint.keys() | second.fingerprint.keys()):
        left, right = first.fingerprint.get(name), second.fingerprint.get(name)
        if left != right:
            raise ValueError(
                f"Scores cannot be combined: {name} is {left} in one and {right} in the other; "
                "make both with the same settings and rows."
            )


def require_numbers(scores: ScoreTable) -> None:
    """Refuse the scores of a model that has diverged.

    Raises:
        ValueError: A row has a score that is not a number.
    """
    # -inf is a legal score: a head over legal labels only gives it to all others.
    broken = scores.row_ids[~np.isfinite(scores.probabilities).all(axis=1)]
    if len(broken):
        raise ValueError(
            f"{len(broken)} of {len(scores)} scored rows have scores that are not numbers, among "
            f"them {broken[:3].tolist()}; the model has diverged. Train it again with a smaller "
            "training.learning_rate."
        )
