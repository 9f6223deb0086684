"""Many files of one kind as one dataset, of which there may be none yet."""

from collections.abc import Callable
from typing import Any

from kedro_datasets.partitions import PartitionedDataset


class OptionalPartitionsDataset(PartitionedDataset):  # type: ignore[misc]
    """A ``PartitionedDataset`` that is empty where no partition is, instead of an error.

    Records of runs and scores of single folds are read where they exist; results of an earlier
    version of the project have none.

    Example in a catalog::

        all_run_records:
          type: klue_pipeline.datasets.tables.optional_partitions.OptionalPartitionsDataset
          path: data/08_reporting
          filename_suffix: /run_record.json
          dataset: json.JSONDataset
    """

    def load(self) -> dict[str, Callable[[], Any]]:
        """Return what loads each partition, by its name; nothing if there is none."""
        self._invalidate_caches()  # a look before the run found less than there is now
        if not self._list_partitions():
            return {}
        loaders: dict[str, Callable[[], Any]] = super().load()
        return loaders
