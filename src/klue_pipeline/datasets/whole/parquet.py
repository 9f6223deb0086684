"""Tables as Parquet."""

import pandas as pd
from kedro_datasets import pandas as kedro_pandas

from klue_pipeline.datasets.whole.saving import save_whole


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
