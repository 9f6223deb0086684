"""JSON and plain text."""

from typing import Any, ClassVar

from kedro.io import DatasetError
from kedro_datasets import json as kedro_json
from kedro_datasets import text as kedro_text

from klue_pipeline.datasets.whole.saving import UTF_8, save_whole


class JSONDataset(kedro_json.JSONDataset):  # type: ignore[misc]  # the package has no types
    """``JSONDataset`` is Kedro's, in UTF-8 and written whole.

    Example usage for the YAML API:

    ```yaml
    metrics:
      type: klue_pipeline.datasets.whole.texts.JSONDataset
      filepath: data/08_reporting/metrics.json
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> dataset = JSONDataset(filepath=f"{tempfile.mkdtemp()}/metrics.json")
    >>> dataset.save({"레이블": 1})
    >>> dataset.load()
    {'레이블': 1}
    """

    DEFAULT_FS_ARGS: ClassVar[dict[str, Any]] = UTF_8

    def load(self) -> Any:
        """Read the file.

        Raises:
            DatasetError: It is no JSON, such as one that was cut.
        """
        try:
            return kedro_json.JSONDataset.load.__wrapped__(self)
        except ValueError as error:
            raise DatasetError(
                f"{self._filepath} is no JSON ({error}): it was cut or edited. Copy it again, or "
                "run the stage that makes it again."
            ) from error

    def save(self, data: Any) -> None:
        """Write the file."""
        save_whole(self, kedro_json.JSONDataset, data)


class TextDataset(kedro_text.TextDataset):  # type: ignore[misc]  # the package has no types
    """``TextDataset`` is Kedro's, in UTF-8 and written whole.

    Example usage for the YAML API:

    ```yaml
    leaderboard_page:
      type: klue_pipeline.datasets.whole.texts.TextDataset
      filepath: data/08_reporting/leaderboard.html
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> dataset = TextDataset(filepath=f"{tempfile.mkdtemp()}/page.html")
    >>> dataset.save("순위표")
    >>> dataset.load()
    '순위표'
    """

    DEFAULT_FS_ARGS: ClassVar[dict[str, Any]] = UTF_8

    def save(self, data: str) -> None:
        """Write the file."""
        save_whole(self, kedro_text.TextDataset, data)
