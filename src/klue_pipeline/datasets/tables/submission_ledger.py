"""The ledger of submissions as a CSV file that the pipelines and a person write in turn."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from kedro.io import DatasetError

from klue_pipeline.datasets.csv_table import read_csv_table
from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.reporting.ledger.table import (
    LedgerColumns,
    check_ledger,
    empty_ledger,
    merge_ledger,
)
from klue_pipeline.runs.disk.atomic_file import written_beside
from klue_pipeline.text.csv_tables import encode_csv


class SubmissionLedgerDataset(LocalDataset[pd.DataFrame, pd.DataFrame]):
    """One row per submission file, by :mod:`klue_pipeline.reporting.ledger`.

    Saving adds rows to what is there, and changes nothing of what a person wrote. A file that a
    spreadsheet saved again is read: with a byte order mark, columns in another order, columns of
    the user's own. What cannot be read is not written over either. The byte order mark tells Excel
    that names may be Korean.

    Example in a catalog::

        submission_ledger:
          type: klue_pipeline.datasets.tables.submission_ledger.SubmissionLedgerDataset
          filepath: data/08_reporting/submissions.csv
          scores: [micro_f1, auprc]
    """

    def __init__(
        self, *, filepath: str, scores: Sequence[str], metadata: dict[str, Any] | None = None
    ) -> None:
        """Name the file.

        Args:
            filepath: A local path.
            scores: The scores that the contest publishes.
            metadata: Anything, for plugins such as Kedro-Viz.
        """
        super().__init__(filepath=filepath, metadata=metadata)
        self._columns = LedgerColumns(tuple(scores))
        self._is_expired = False

    def load(self) -> pd.DataFrame:
        """Read and check the whole ledger; one without rows if there is no file.

        Raises:
            DatasetError: The file cannot be read, or a cell is wrong; naming the line.
        """
        if not self._filepath.exists():
            return empty_ledger(self._columns)
        try:
            table = read_csv_table(self._filepath)
            return check_ledger(table, self._columns, table.index.tolist())
        except (OSError, ValueError) as error:
            raise DatasetError(
                f"Cannot read {self._filepath}: {error}\nCorrect it there; nothing was changed."
            ) from error

    def save(self, data: pd.DataFrame) -> None:
        """Add rows for new files to the ledger, and what is predicted to those it has.

        Raises:
            DatasetError: The ledger cannot be read or written, or the rows are not its.
        """
        existing = self.load()
        try:
            merged = merge_ledger(existing, data, self._columns)
        except ValueError as error:
            raise DatasetError(f"{self._filepath} was not written: {error}") from error
        try:
            with written_beside(self._filepath) as partial:
                # A person types here too, and finds what they typed.
                partial.write_bytes(encode_csv(merged, escape_formulas=False, encoding="utf-8-sig"))
        except OSError as error:
            raise DatasetError(
                f"Cannot write {self._filepath}: {error}. Close it if a spreadsheet has it open."
            ) from error
        self._is_expired = False

    def expire(self) -> None:
        """Count as missing until it is saved again, for a resumed run to add to it."""
        self._is_expired = True

    def _exists(self) -> bool:
        return self._filepath.is_file() and not self._is_expired
