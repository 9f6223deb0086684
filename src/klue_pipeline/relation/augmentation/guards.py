"""What a new row must fulfil to be added."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity

REPEATS = "it is there already"
LEAKS = "it would show a validation row of another fold"
OVER_LIMIT = "over the limit"

ModelInput = tuple[str, Entity, Entity]


class RowGuard:
    """Knows all rows that there are, and judges new ones.

    A new row trains in every fold in which the row that it was made from does not validate. It must
    not bring the sentence or the entity pair of a row that validates there, unless the split itself
    lets them share it already (a split that keeps pairs together never does).

    Args:
        originals: All originals.
        labels: The task's labels.
    """

    def __init__(self, originals: Sequence[Example], labels: LabelSet) -> None:
        self._labels = frozenset(labels.names)
        self._originals = {row.row_id: row for row in originals}
        self._inputs = {_input_of(row) for row in originals}
        self._folds_of_sentence = _validating_folds((row.sentence, row) for row in originals)
        self._folds_of_pair = _validating_folds((row.pair_key, row) for row in originals)

    def find_problem(self, row: Example, *, repeats: bool) -> str | None:
        """Say why a new row cannot be added, or None if it can.

        Args:
            row: The new row, with the id of the one that it was made from.
            repeats: Whether its method copies rows on purpose.

        Raises:
            ValueError: An entity is not where the row says, or its label is not the task's: the
                method that made it is wrong.
        """
        row.require_words_at_spans()
        if row.label not in self._labels:
            raise ValueError(f"A row made from {row.row_id} has the unknown label {row.label!r}.")
        if not repeats and _input_of(row) in self._inputs:
            return REPEATS
        return LEAKS if self._leaks(row) else None

    def remember(self, row: Example) -> None:
        """Count a new row among those that there are."""
        self._inputs.add(_input_of(row))

    def _leaks(self, row: Example) -> bool:
        origin = self._originals[row.row_id]
        shown: set[int] = set()
        if row.sentence != origin.sentence:
            shown |= self._folds_of_sentence.get(row.sentence, set())
        if row.pair_key != origin.pair_key:
            shown |= self._folds_of_pair.get(row.pair_key, set())
        return not shown.issubset(origin.fold_key)


def _input_of(row: Example) -> ModelInput:
    """Return what a model sees of a row: two rows with the same input must not differ in label."""
    return row.sentence, row.subject, row.object


def _validating_folds(rows: Iterable[tuple[str, Example]]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = defaultdict(set)
    for value, row in rows:
        found[value].update(row.fold_key)
    return dict(found)


@dataclass
class Limits:
    """Counts the rows of one method against its limits.

    Attributes:
        max_rows: Most rows in all; None for no limit.
        max_rows_per_label: Most rows of each label; None for no limit.
        added: Rows by label so far.
    """

    max_rows: int | None
    max_rows_per_label: int | None
    added: Counter[str] = field(default_factory=Counter)

    def count(self, row: Example) -> None:
        """Count a row that was added."""
        self.added[row.label] += 1

    def find_problem(self, row: Example) -> str | None:
        """Say that a row is too many, or None if there is room."""
        return OVER_LIMIT if self.is_full() or self.is_label_full(row.label) else None

    def is_full(self) -> bool:
        """Tell whether no row of any label has room."""
        return self.max_rows is not None and self.added.total() >= self.max_rows

    def is_label_full(self, label: str) -> bool:
        """Tell whether no row of a label has room."""
        limit = self.max_rows_per_label
        return limit is not None and self.added[label] >= limit
