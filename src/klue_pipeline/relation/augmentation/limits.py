"""How many rows a method may add."""

from collections import Counter
from dataclasses import dataclass, field

from klue_pipeline.relation.augmentation.example import Example

OVER_LIMIT = "over the limit"


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
