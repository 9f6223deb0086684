"""``LabelSetDataset`` keeps the labels of a task as JSON, and hands them out checked."""

from kedro_datasets._typing import JSONPreview

from klue_pipeline.datasets.whole.texts import JSONDataset
from klue_pipeline.evaluation.labels import LabelSet


class LabelSetDataset(JSONDataset):
    """``LabelSetDataset`` reads and writes a :class:`LabelSet`, so that no node checks it again.

    Example usage for the YAML API:

    ```yaml
    labels:
      type: klue_pipeline.datasets.tables.label_set.LabelSetDataset
      filepath: data/02_intermediate/labels.json
      save_args: {ensure_ascii: false, indent: 2}
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> dataset = LabelSetDataset(filepath=f"{tempfile.mkdtemp()}/labels.json")
    >>> dataset.save(LabelSet(names=["no_relation", "per:title"], negative="no_relation"))
    >>> dataset.load().negative
    'no_relation'
    """

    def load(self) -> LabelSet:
        """Return the labels.

        Raises:
            ValidationError: The file holds no label set.
        """
        return LabelSet.model_validate(super().load())

    def save(self, data: LabelSet) -> None:
        """Write the labels."""
        super().save(data.model_dump())

    def preview(self) -> JSONPreview:
        """Return the labels as JSON, for Kedro-Viz."""
        return JSONPreview(self.load().model_dump_json())
