"""Many files of one kind as one dataset: there may be none yet, or they change together."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro_datasets.partitions import PartitionedDataset

from klue_pipeline.runs.disk.atomic_file import folder_written_beside


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


class WholePartitionsDataset(PartitionedDataset):  # type: ignore[misc]
    """A ``PartitionedDataset`` whose partitions are all of one run: the folder is swapped whole.

    Kedro's removes the folder before it writes the first of them, and a reader meanwhile finds
    some.

    Example in a catalog::

        blend_scores:
          type: klue_pipeline.datasets.tables.optional_partitions.WholePartitionsDataset
          path: data/08_reporting/blend_scores
          filename_suffix: .parquet
          dataset: klue_pipeline.datasets.tables.score_table.ScoreTableDataset
    """

    def save(self, data: dict[str, Any]) -> None:
        """Write all partitions into a folder beside, and swap it in."""
        with folder_written_beside(Path(self._path)) as partial:
            beside = copy.copy(self)
            beside._path, beside._overwrite = partial.as_posix(), False
            PartitionedDataset.save.__wrapped__(beside, data)
        self._invalidate_caches()
