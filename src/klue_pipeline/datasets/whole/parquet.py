"""Tables as Parquet."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from kedro_datasets import pandas as kedro_pandas

from klue_pipeline.datasets.whole.saving import save_whole
from klue_pipeline.runs.disk.atomic_file import written_beside

if TYPE_CHECKING:
    from kedro_datasets._typing import TablePreview


class ParquetDataset(kedro_pandas.ParquetDataset):  # type: ignore[misc]  # the package has no types
    """``ParquetDataset`` is Kedro's, written whole.

    What is saved may be a stream, too: tables with the same columns, one after the other, of which
    one is in memory at a time. They are loaded as one table.

    Example usage for the YAML API:

    ```yaml
    sentences:
      type: klue_pipeline.datasets.whole.parquet.ParquetDataset
      filepath: data/02_intermediate/sentences.parquet
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> dataset = ParquetDataset(filepath=f"{tempfile.mkdtemp()}/rows.parquet")
    >>> dataset.save(pd.DataFrame({"fold": [0, 1]}))
    >>> dataset.load()["fold"].tolist()
    [0, 1]
    """

    def save(self, data: pd.DataFrame | Iterable[pd.DataFrame]) -> None:
        """Write the file; a stream goes to a local one only."""
        if isinstance(data, pd.DataFrame):
            save_whole(self, kedro_pandas.ParquetDataset, data)
            return
        with written_beside(Path(self._filepath)) as partial, row_group_writer(partial) as write:
            for table in data:
                write(table)

    def preview(self, nrows: int = 5) -> "TablePreview":  # Kedro-Viz reads the name
        """Return the first rows for Kedro-Viz, which knows lists and no arrays.

        Args:
            nrows: Rows to show.
        """
        shown = super().preview(nrows)
        rows = [list(map(_without_array, row)) for row in shown["data"]]
        return {**shown, "data": rows}


@contextmanager
def row_group_writer(path: Path) -> Iterator[Callable[[pd.DataFrame], None]]:
    """Give out a function that adds a table to a file; the first one says the columns' types.

    Without any table there is no file.
    """
    writer: pq.ParquetWriter | None = None

    def write(table: pd.DataFrame) -> None:
        nonlocal writer
        batch = pa.Table.from_pandas(table, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, batch.schema)
        writer.write_table(batch.cast(writer.schema))

    try:
        yield write
    finally:
        if writer is not None:
            writer.close()


def _without_array(cell: Any) -> Any:
    return cell.tolist() if isinstance(cell, np.ndarray) else cell
