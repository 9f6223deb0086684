"""``FeaturesDataset`` keeps encoded rows as one Arrow file that all folds open without copying."""

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.datasets.tables.arrow_table import read_arrow, write_arrow
from klue_pipeline.relation.encoding.features import SCHEMA, Features


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
        table, header = read_arrow(self._filepath, SCHEMA, "tokenize")
        return Features(table, tuple(header["labels"]), header["fingerprint"])

    def save(self, data: Features) -> None:
        """Write the file, replacing what was there; a process that has it open keeps its own."""
        header = {"labels": data.labels, "fingerprint": data.fingerprint}
        write_arrow(self._filepath, data.table, header)
