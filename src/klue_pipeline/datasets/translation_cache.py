"""``TranslationCacheDataset`` tells augmentation where it may keep translations."""

from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError


class TranslationCacheDataset(AbstractDataset[Any, Path]):
    """``TranslationCacheDataset`` loads the path of a folder; it stores nothing.

    Translations are kept there from run to run, whatever the experiment. Removing the folder costs
    time and nothing else.

    Example usage for the YAML API:

    ```yaml
    translation_cache:
      type: klue_pipeline.datasets.translation_cache.TranslationCacheDataset
      filepath: data/02_intermediate/translations
    ```

    Example usage for the Python API:

    >>> TranslationCacheDataset(filepath="data/translations").load().name
    'translations'
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> Path:
        """Return the folder; it need not exist before there is a translation to keep."""
        return self._filepath

    def save(self, data: Any) -> None:  # noqa: ARG002 (Kedro's signature)
        """Refuse: the folder is filled by those who use it.

        Raises:
            DatasetError: Always.
        """
        raise DatasetError("The folder of translations cannot be saved; it only says where it is.")

    def _exists(self) -> bool:
        return True

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
