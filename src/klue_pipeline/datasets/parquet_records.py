"""The rows of a Parquet file as records, a batch in memory at a time."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import DatasetError

_ROWS_PER_BATCH = 4096


class ParquetRecords:
    """Yields the rows of a file as mappings of columns, as often as it is asked.

    Args:
        path: A file that is there.

    Raises:
        DatasetError: It is no Parquet file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._n_rows = int(pq.read_metadata(path).num_rows)
        except (pa.ArrowException, OSError) as error:
            raise DatasetError(f"{path} cannot be read as Parquet: {error}") from error

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Read the file from its beginning."""
        with pq.ParquetFile(self._path) as file:
            for batch in file.iter_batches(batch_size=_ROWS_PER_BATCH):
                yield from batch.to_pylist()

    def __len__(self) -> int:
        """Return the number of rows."""
        return self._n_rows
