"""``ReaderFeaturesDataset`` keeps windows of passages as one Arrow file for all folds."""

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.datasets.tables.arrow_table import read_arrow, write_arrow
from klue_pipeline.odqa.encoding.features import SCHEMA, ReaderFeatures


class ReaderFeaturesDataset(LocalDataset[ReaderFeatures, ReaderFeatures]):
    """``ReaderFeaturesDataset`` saves a reader's windows as an Arrow IPC file, uncompressed.

    Loading maps the file into memory: pages are read when they are used, and shared by every
    process that reads them. The fingerprint stands in the metadata of the schema as JSON.

    Example usage for the YAML API:

    ```yaml
    odqa.reader_features:
      type: klue_pipeline.datasets.tables.reader_features.ReaderFeaturesDataset
      filepath: data/05_model_input/odqa/reader/reader_features.arrow
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> features = ReaderFeatures(SCHEMA.empty_table(), {"rows": "4f5a"})
    >>> dataset = ReaderFeaturesDataset(filepath=f"{tempfile.mkdtemp()}/reader_features.arrow")
    >>> dataset.save(features)
    >>> dataset.load() == features
    True
    """

    def load(self) -> ReaderFeatures:
        """Open the file.

        Raises:
            DatasetError: It is missing, no Arrow file, or holds no features of a reader.
        """
        table, header = read_arrow(self._filepath, SCHEMA, "odqa_tokenize")
        return ReaderFeatures(table, header["fingerprint"])

    def save(self, data: ReaderFeatures) -> None:
        """Write the file, replacing what was there; a process that has it open keeps its own."""
        write_arrow(self._filepath, data.table, {"fingerprint": data.fingerprint})
