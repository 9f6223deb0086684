"""``FeaturesDataset`` keeps encoded rows as one Arrow file that all folds open without copying."""

import json

import pyarrow as pa
from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.relation.encoding.features import SCHEMA, Features
from klue_pipeline.runs.disk.atomic_file import written_beside

_METADATA_KEY = b"klue_pipeline.features"
_REMEDY = "make it again with kedro run --pipelines tokenize"


class FeaturesDataset(LocalDataset[Features, Features]):
    """``FeaturesDataset`` saves features as an Arrow IPC file (Feather version 2), uncompressed.

    Loading maps the file into memory: pages are read when they are used, and shared by every
    process that reads them. Labels and fingerprint stand in the metadata of the schema as JSON.
    The file is written beside its place and renamed, so that it is there whole or not at all.

    Example usage for the YAML API:

    ```yaml
    train_features:
      type: klue_pipeline.datasets.tables.features.FeaturesDataset
      filepath: data/05_model_input/baseline/train_features.arrow
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> features = Features(SCHEMA.empty_table(), ("no_relation", "per:title"), {"rows": "4f5a"})
    >>> dataset = FeaturesDataset(filepath=f"{tempfile.mkdtemp()}/train_features.arrow")
    >>> dataset.save(features)
    >>> dataset.load() == features
    True
    """

    def load(self) -> Features:
        """Open the file.

        Raises:
            DatasetError: It is missing, no Arrow file, or holds no features.
        """
        try:
            table = pa.ipc.open_file(pa.memory_map(str(self._filepath))).read_all()
        except (OSError, pa.ArrowException) as error:
            raise DatasetError(
                f"Cannot read features from {self._filepath}: {error}; {_REMEDY}."
            ) from error
        return self._to_features(table)

    def save(self, data: Features) -> None:
        """Write the file, replacing what was there; a process that has it open keeps its own."""
        header = {"labels": data.labels, "fingerprint": data.fingerprint}
        text = json.dumps(header, ensure_ascii=False).encode()
        table = data.table.replace_schema_metadata({_METADATA_KEY: text})
        with (
            written_beside(self._filepath) as partial,
            pa.ipc.new_file(str(partial), table.schema) as writer,
        ):
            writer.write_table(table)

    def _to_features(self, table: pa.Table) -> Features:
        text = (table.schema.metadata or {}).get(_METADATA_KEY)
        if text is None or not table.schema.equals(SCHEMA):
            raise DatasetError(
                f"{self._filepath} is an Arrow file but holds no features in the columns "
                f"{SCHEMA.names}; it has {table.schema.names[:5]}…; {_REMEDY}."
            )
        header = json.loads(text)
        table = table.replace_schema_metadata(None)
        return Features(table, tuple(header["labels"]), header["fingerprint"])
