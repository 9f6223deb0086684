"""``PassageTokensDataset`` keeps the tokens of all passages as a folder of arrays."""

from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.odqa.tokens.passage_tokens import HEADER_FILE, PassageTokens
from klue_pipeline.runs.disk.atomic_file import folder_written_beside


class PassageTokensDataset(LocalDataset[PassageTokens, PassageTokens]):
    """``PassageTokensDataset`` writes tokens beside their place and opens them memory-mapped.

    Example usage for the YAML API:

    ```yaml
    odqa.tokens_character_bigram:
      type: klue_pipeline.datasets.tables.passage_tokens.PassageTokensDataset
      filepath: data/04_feature/odqa/tokens/character_bigram
    ```
    """

    def load(self) -> PassageTokens:
        """Open the tokens.

        Raises:
            DatasetError: They are not there, or cannot be read.
        """
        remedy = "make them with kedro run --pipelines odqa_index"
        if not self._exists():
            raise DatasetError(f"No whole tokens at {self._filepath}; {remedy}.")
        try:
            return PassageTokens.load(self._filepath)
        except (OSError, ValueError, LookupError, TypeError) as error:
            raise DatasetError(
                f"The tokens at {self._filepath} are damaged ({error}); {remedy}."
            ) from error

    def save(self, data: PassageTokens) -> None:
        """Write the folder beside its place, then swap it in.

        Raises:
            DatasetError: The data is something else.
        """
        if not isinstance(data, PassageTokens):
            raise DatasetError(
                f"{self._filepath} takes PassageTokens; found {type(data).__name__}."
            )
        with folder_written_beside(self._filepath) as partial:
            data.save(partial)

    def _exists(self) -> bool:
        return (self._filepath / HEADER_FILE).is_file()
