"""``ExportedModelDataset`` keeps a model to hand out as a folder that is whole or not there."""

from klue_pipeline.datasets.checkpoint import CheckpointDataset
from klue_pipeline.relation.inference.model_export import CARD_FILE


class ExportedModelDataset(CheckpointDataset):
    """``ExportedModelDataset`` saves an exported model and loads the folder's path.

    The folder replaces the former one whole, so that no fold of an earlier run stays in it.

    Example usage for the YAML API:

    ```yaml
    exported_model:
      type: klue_pipeline.datasets.exported_model.ExportedModelDataset
      filepath: data/06_models/baseline/exported
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> from klue_pipeline.relation.inference.model_export import ExportedModel
    >>> dataset = ExportedModelDataset(filepath=tempfile.mkdtemp() + "/exported")
    >>> dataset.save(ExportedModel({}, 1.0, "# 관계 추출"))
    >>> [path.name for path in dataset.load().iterdir()]
    ['README.md']
    """

    whole_file = CARD_FILE
    if_missing = (
        "No exported model at {folder}; make it with kedro run --pipelines export, with the same "
        "--env and --params experiment=... as the training."
    )
