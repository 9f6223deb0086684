"""Which column of a table of one's own holds what, as the settings say."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from klue_pipeline.relation.settings.params import IngestParams, TableColumns

UNLABELLED: Mapping[str, None] = {"label": None, "fold": None}
"""The columns that only training rows need."""

_STANDARD_COLUMNS = TableColumns()


@dataclass(frozen=True)
class TableLayout:
    """How a table of one's own states its rows.

    Attributes:
        columns: Which column holds what.
        ends_are_inclusive: Whether an entity's end is its last character, and not one past it.
        setting: The group of settings that says so; messages name it.
        takes_first: Whether words that stand in their sentence more than once mean the first place.
    """

    columns: TableColumns = _STANDARD_COLUMNS
    ends_are_inclusive: bool = False
    setting: str = "ingest"
    takes_first: bool = False

    @property
    def unlabelled(self) -> "TableLayout":
        """The same for rows whose labels and folds nobody reads, so that they may lack them."""
        return replace(self, columns=self.columns.model_copy(update=UNLABELLED))


def layout_of(ingest: IngestParams) -> TableLayout | None:
    """Return how tables of one's own are laid out, or None if files are in another format."""
    if ingest.format != "table":
        return None
    return TableLayout(
        ingest.columns,
        ends_are_inclusive=ingest.ends == "inclusive",
        takes_first=ingest.repeated_words == "first",
    )
