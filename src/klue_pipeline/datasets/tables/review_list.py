"""``ReviewListDataset`` writes a list that a person fills in, and never over what was filled in."""

import logging
from itertools import count
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
from kedro.io import DatasetError

from klue_pipeline.datasets.csv_table import CsvTableDataset
from klue_pipeline.relation.cleaning.reviewed_rows import COLUMNS, read_decisions

logger = logging.getLogger(__name__)


class ReviewListDataset(CsvTableDataset):
    """``ReviewListDataset`` is a ``CsvTableDataset`` with a column ``decision`` for a reviewer.

    Saving over a file with decisions that the new list does not hold, or with columns of the
    reviewer's own, first moves that file beside itself: ``label_suspects.csv`` becomes
    ``label_suspects.reviewed-1.csv``, or the first number that is free. A file that cannot be read
    moves too, as somebody has saved it in another format.

    Example usage for the YAML API:

    ```yaml
    label_suspects:
      type: klue_pipeline.datasets.tables.review_list.ReviewListDataset
      filepath: data/08_reporting/label_suspects.csv
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> dataset = ReviewListDataset(filepath=f"{tempfile.mkdtemp()}/label_suspects.csv")
    >>> suspects = pd.DataFrame({"row_id": ["7"], "decision": ["drop"], "new_label": [""]})
    >>> dataset.save(suspects)
    >>> dataset.load()["decision"].tolist()
    ['drop']
    """

    def __init__(self, **arguments: Any) -> None:
        """Take what a ``CSVDataset`` takes; ids and labels stay as cleaning has to read them."""
        super().__init__(escape_formulas=False, **arguments)

    def save(self, data: pd.DataFrame) -> None:
        """Write the list, after moving one that holds more decisions out of its way."""
        # With versions, this is a folder, and no list is ever written over.
        if self._fs.isfile(str(self._filepath)) and self._holds_work(data):
            self._move_aside()
        super().save(data)

    def set_aside(self) -> None:
        """Move a list that was filled in out of the way of whoever is about to remove it."""
        if not self._fs.isfile(str(self._filepath)):
            return
        try:
            empty = self.load().head(0)
        except DatasetError:
            empty = pd.DataFrame()
        if self._holds_work(empty):
            self._move_aside()

    def _holds_work(self, data: pd.DataFrame) -> bool:
        """Tell whether the file holds anything of a reviewer's that ``data`` does not."""
        try:
            found = self.load()
        except DatasetError:
            return bool(self._fs.size(str(self._filepath)))
        if not set(COLUMNS) <= set(found) <= set(data):
            return True
        return not _list_decisions(found) <= _list_decisions(data)

    def _move_aside(self) -> None:
        path = PurePosixPath(self._filepath)
        names = (path.with_name(f"{path.stem}.reviewed-{n}{path.suffix}") for n in count(1))
        free = next(name for name in names if not self._fs.exists(str(name)))
        self._fs.mv(str(path), str(free))
        logger.warning(
            "%s was filled in or edited; it is %s now, and a new list takes its place. If "
            "raw.reviewed_rows names it, name the moved file, or better a copy of your own.",
            path,
            free.name,
        )


def _list_decisions(table: pd.DataFrame) -> set[tuple[str, ...]]:
    """Return row, decision and new label of every line with a decision, as cleaning reads them."""
    return set(read_decisions(table)[COLUMNS].itertuples(index=False, name=None))
