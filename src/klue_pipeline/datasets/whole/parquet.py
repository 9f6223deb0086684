"""Tables as Parquet."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from kedro_datasets import pandas as kedro_pandas

from klue_pipeline.datasets.whole.saving import save_whole

if TYPE_CHECKING:
    from kedro_datasets._typing import TablePreview


class ParquetDataset(kedro_pandas.ParquetDataset):  # type: ignore[misc]  # the package has no types
    """``ParquetDataset`` is Kedro's, written whole.

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

    def save(self, data: pd.DataFrame) -> None:
        """Write the file."""
        save_whole(self, kedro_pandas.ParquetDataset, data)

    def preview(self, nrows: int = 5) -> "TablePreview":  # Kedro-Viz reads the name
        """Return the first rows for Kedro-Viz, which knows lists and no arrays.

        Args:
            nrows: Rows to show.
        """
        shown = super().preview(nrows)
        rows = [list(map(_without_array, row)) for row in shown["data"]]
        return {**shown, "data": rows}


def _without_array(cell: Any) -> Any:
    return cell.tolist() if isinstance(cell, np.ndarray) else cell
