"""Score tables as Parquet files that say which labels they score and what they were made from."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.runs.disk.atomic_file import written_beside

_METADATA_KEY = b"klue_pipeline.score_table"
_REMEDY = "it was not written by this project's predict or train pipeline; move it away"


class ScoreTableDataset(LocalDataset[ScoreTable, ScoreTable]):
    """One score table in one Parquet file.

    The columns are ``row_id``, ``fold`` (out-of-fold scores only) and one float32 column of
    logits per label. The order of the labels and the fingerprint stand in the metadata of the
    schema as JSON. The file is written beside its place and renamed, so that it is there whole or
    not at all.

    Example in a catalog::

        out_of_fold@one:
          type: klue_pipeline.datasets.tables.score_table.ScoreTableDataset
          filepath: data/07_model_output/baseline/out_of_fold.parquet

        out_of_fold@all:
          type: partitions.PartitionedDataset
          path: data/07_model_output
          dataset: klue_pipeline.datasets.tables.score_table.ScoreTableDataset
          filename_suffix: /out_of_fold.parquet
    """

    def load(self) -> ScoreTable:
        """Read the table.

        Raises:
            DatasetError: The file is missing, no Parquet file, or not a score table.
        """
        try:
            with pq.ParquetFile(self._filepath) as file:
                table = file.read()
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(f"Cannot read scores from {self._filepath}: {error}") from error
        return _from_arrow(table, self._filepath)

    def save(self, data: ScoreTable) -> None:
        """Write the table, replacing what was there.

        Raises:
            DatasetError: The data is not a score table.
        """
        if not isinstance(data, ScoreTable):
            raise DatasetError(f"{self._filepath} takes a ScoreTable; found {type(data).__name__}.")
        with written_beside(self._filepath) as partial:
            pq.write_table(_to_arrow(data), partial)


def _to_arrow(scores: ScoreTable) -> pa.Table:
    names, columns = ["row_id"], [pa.array(scores.row_ids, type=pa.string())]
    if scores.folds is not None:
        names.append("fold")
        columns.append(pa.array(scores.folds, type=pa.int64()))
    logits = np.asfortranarray(scores.logits, dtype=np.float32)
    columns.extend(pa.array(logits[:, label_id]) for label_id in range(len(scores.labels)))
    header = {"labels": scores.labels, "fingerprint": scores.fingerprint}
    table = pa.Table.from_arrays(columns, names=[*names, *scores.labels])
    return table.replace_schema_metadata(
        {_METADATA_KEY: json.dumps(header, ensure_ascii=False).encode()}
    )


def _from_arrow(table: pa.Table, filepath: Path) -> ScoreTable:
    header = _read_header(table, filepath)
    labels = tuple(header["labels"])
    first = table.num_columns - len(labels)
    leading = table.column_names[:first]
    if leading not in (["row_id"], ["row_id", "fold"]) or table.column_names[first:] != [*labels]:
        raise DatasetError(
            f"{filepath} has the columns {table.column_names[:4]}…; row_id, an optional fold and "
            f"the labels {list(labels)[:3]}… were wanted: {_REMEDY}."
        )
    logits = [table.column(place).to_numpy() for place in range(first, table.num_columns)]
    return ScoreTable(
        row_ids=table.column(0).to_numpy().astype(object),
        logits=np.stack(logits, axis=1).astype(np.float32, copy=False),
        labels=labels,
        folds=table.column(1).to_numpy() if len(leading) > 1 else None,
        fingerprint=header["fingerprint"],
    )


def _read_header(table: pa.Table, filepath: Path) -> dict[str, Any]:
    text = (table.schema.metadata or {}).get(_METADATA_KEY)
    if text is None:
        raise DatasetError(f"{filepath} is a Parquet file but not a score table: {_REMEDY}.")
    header: dict[str, Any] = json.loads(text)
    return header
