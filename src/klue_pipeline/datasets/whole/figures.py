"""Figures as images."""

from kedro_datasets import matplotlib as kedro_matplotlib
from matplotlib.figure import Figure

from klue_pipeline.datasets.whole.saving import save_whole


class MatplotlibDataset(kedro_matplotlib.MatplotlibDataset):  # type: ignore[misc]  # no types
    """``MatplotlibDataset`` is Kedro's for one figure, written whole.

    Example usage for the YAML API:

    ```yaml
    learning_curves:
      type: klue_pipeline.datasets.whole.figures.MatplotlibDataset
      filepath: data/08_reporting/baseline/learning_curves.png
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> dataset = MatplotlibDataset(filepath=f"{tempfile.mkdtemp()}/curves.png")
    >>> dataset.save(Figure())
    >>> dataset.exists()
    True
    """

    def save(self, data: Figure) -> None:
        """Write the file."""
        save_whole(self, kedro_matplotlib.MatplotlibDataset, data)
