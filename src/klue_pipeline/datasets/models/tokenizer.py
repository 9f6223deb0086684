"""``TokenizerDataset`` keeps a fast tokenizer as the folder that Transformers reads and writes."""

from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.runs.disk.atomic_file import folder_written_beside
from klue_pipeline.training.tokenizer import Tokenizer, load_tokenizer

_NEEDED_FILES = ("tokenizer.json", "tokenizer_config.json")


class TokenizerDataset(LocalDataset[Tokenizer, Tokenizer]):
    """``TokenizerDataset`` saves a tokenizer into a folder and loads it from there.

    The folder is written beside its place and renamed into it, and ``exists`` is true only for a
    whole one. What was saved and what is loaded encode alike and hash alike.

    Example usage for the YAML API:

    ```yaml
    tokenizer:
      type: klue_pipeline.datasets.models.tokenizer.TokenizerDataset
      filepath: data/05_model_input/baseline/tokenizer
    ```

    Example usage for the Python API:

    >>> import tempfile
    >>> from klue_pipeline.training.tokenizer import train_tokenizer
    >>> dataset = TokenizerDataset(filepath=f"{tempfile.mkdtemp()}/tokenizer")
    >>> dataset.exists()
    False
    >>> dataset.save(train_tokenizer(["이순신은 조선의 무신이다."], vocabulary_size=200))
    >>> dataset.load().tokenize("조선의")
    ['조선의']
    """

    def load(self) -> Tokenizer:
        """Load the tokenizer, with no look at the network.

        Raises:
            DatasetError: There is no whole one.
        """
        if not self._exists():
            raise DatasetError(
                f"No whole tokenizer at {self._filepath} ({' and '.join(_NEEDED_FILES)} are "
                "wanted); make it with kedro run --nodes prepare_tokenizer."
            )
        return load_tokenizer(str(self._filepath))

    def save(self, data: Tokenizer) -> None:
        """Write the folder beside its place, then swap it in."""
        with folder_written_beside(self._filepath) as partial:
            data.save_pretrained(str(partial))

    def _exists(self) -> bool:
        return all((self._filepath / name).is_file() for name in _NEEDED_FILES)
