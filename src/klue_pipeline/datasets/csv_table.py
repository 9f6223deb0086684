"""CSV files as tables: those that a person made, read as text, and those that runs write."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io.core import get_filepath_str
from kedro_datasets.pandas.csv_dataset import CSVDataset

from klue_pipeline.datasets.local import ReadOnlyDataset
from klue_pipeline.runs.disk.atomic_file import written_beside
from klue_pipeline.text.csv_lines import require_unlike, split_csv, without_surplus
from klue_pipeline.text.csv_tables import encode_csv, unescape_table


class CsvTableDataset(CSVDataset):  # type: ignore[misc]  # the package has no types
    r"""``CsvTableDataset`` is a ``CSVDataset`` in which every reader finds the same cells.

    It is UTF-8 whatever the machine's locale is, unless ``fs_args`` say otherwise. Cells that a
    spreadsheet would take for a formula are written with an apostrophe before them, and read
    without it.

    Example usage for the YAML API:

    ```yaml
    per_label:
      type: klue_pipeline.datasets.csv_table.CsvTableDataset
      filepath: data/08_reporting/per_label.csv
      escape_formulas: true
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> dataset = CsvTableDataset(filepath=f"{tempfile.mkdtemp()}/labels.csv")
    >>> dataset.save(pd.DataFrame({"label": ["=owns"]}))
    >>> dataset.load()["label"].tolist(), Path(dataset._filepath).read_text()
    (['=owns'], "label\n'=owns\n")
    """

    def __init__(self, *, escape_formulas: bool = True, **arguments: Any) -> None:
        """Take what a ``CSVDataset`` takes.

        Args:
            escape_formulas: Whether cells are made safe for spreadsheets; for files that people
                open. What programs read has its cells as they are.
            arguments: See ``kedro_datasets.pandas.CSVDataset``.
        """
        super().__init__(**arguments)
        self._escape_formulas = escape_formulas

    def load(self) -> pd.DataFrame:
        """Read the table as it was saved."""
        table = super().load()
        return unescape_table(table) if self._escape_formulas else table

    def save(self, data: pd.DataFrame) -> None:
        """Write the table, by the project's one way to write CSV."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        encoding = self._fs_open_args_save.get("encoding", "utf-8")
        options = {**self._save_args, "encoding": encoding}
        content = encode_csv(data, escape_formulas=self._escape_formulas, **options)
        if self._protocol == "file":
            with written_beside(Path(path)) as partial:
                partial.write_bytes(content)
        else:
            self._fs.pipe_file(path, content)
        self._invalidate_cache()


class UserTableDataset(ReadOnlyDataset[pd.DataFrame]):
    """A CSV file that a person made, all of it as text; see :func:`read_csv_table`.

    Args:
        filepath: A local path.
        metadata: Left to plugins such as Kedro-Viz.
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the table, indexed by line."""
        return read_csv_table(self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


def read_csv_table(path: Path) -> pd.DataFrame:
    """Read a table indexed by line, without the empty rows and columns of a spreadsheet.

    Args:
        path: A file in UTF-8; cells that a row lacks are empty.

    Raises:
        ValueError: It is no CSV, a row has more cells than the header, or two columns have the same
            name; naming the line.
        OSError: It cannot be read.
    """
    found = split_csv(path.read_bytes())
    header = [name.strip() for name in found.header]
    rows = [
        _fit(cells, len(header), line) for line, cells in zip(found.lines, found.rows, strict=True)
    ]
    table = pd.DataFrame(rows, found.lines, header, dtype=str)
    is_filled = table.map(str.strip) != ""
    table = table.loc[
        is_filled.any(axis=1), is_filled.any(axis=0).to_numpy() | (table.columns != "")
    ]
    require_unlike(table.columns.tolist(), "line 1")
    return table


def _fit(cells: Sequence[str], width: int, line: int) -> list[str]:
    """Return as many cells as the header has."""
    kept = without_surplus(cells, width)
    if len(kept) > width:
        raise ValueError(
            f"line {line} has {len(kept)} cells, the header {width}; a text with commas stands in "
            "double quotes."
        )
    return [*kept, *([""] * (width - len(kept)))]
