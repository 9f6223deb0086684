"""Score bundles as folders that are whole and unharmed, and the folder that they are dropped in."""

import logging
import re
from pathlib import Path
from typing import Any

from kedro.io import AbstractDataset, DatasetError

from klue_pipeline.datasets.atomic_file import folder_written_beside
from klue_pipeline.datasets.bundle_manifest import (
    MANIFEST,
    OUT_OF_FOLD,
    SCORE_FILES,
    TEST_SCORES,
    read_manifest,
    write_manifest,
)
from klue_pipeline.datasets.drop_folder import DropFolderDataset, is_archive, list_entries
from klue_pipeline.datasets.score_table import ScoreTableDataset
from klue_pipeline.evaluation.bundles import BundleShelf, ScoreBundle

logger = logging.getLogger(__name__)

_NAME = re.compile(r"[\w.+-]+")


class ScoreBundleDataset(AbstractDataset[ScoreBundle, ScoreBundle]):
    """``ScoreBundleDataset`` keeps one bundle as a folder that can be copied to another server.

    The folder holds ``bundle.json``, ``out_of_fold.parquet`` and ``test_scores.parquet``, no
    weights, and nothing that has to be unpickled. It is written beside its place and renamed into
    it. Loading compares the score files with their SHA-256 in ``bundle.json``.

    Example usage for the YAML API:

    ```yaml
    score_bundle:
      type: klue_pipeline.datasets.score_bundle.ScoreBundleDataset
      filepath: data/08_reporting/bundles/baseline
    ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Name the folder.

        Args:
            filepath: A local path.
            metadata: Anything, for plugins such as Kedro-Viz.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> ScoreBundle:
        """Read the bundle, after checking that it is whole.

        Raises:
            DatasetError: It is incomplete, damaged, of another version or no bundle, or its parts
                do not belong together.
        """
        try:
            return _read_bundle(self._filepath)
        except (DatasetError, OSError, ValueError) as error:
            raise DatasetError(f"{self._filepath} is no sound score bundle: {error}") from error

    def save(self, data: ScoreBundle) -> None:
        """Write the folder, replacing what was there.

        Raises:
            DatasetError: The data is no score bundle.
        """
        if not isinstance(data, ScoreBundle):
            raise DatasetError(
                f"{self._filepath} takes a ScoreBundle; found {type(data).__name__}."
            )
        with folder_written_beside(self._filepath) as partial:
            _score_file(partial, OUT_OF_FOLD).save(data.out_of_fold)
            _score_file(partial, TEST_SCORES).save(data.test_scores)
            write_manifest(partial, data.description)

    def _exists(self) -> bool:
        return all((self._filepath / name).is_file() for name in (MANIFEST, *SCORE_FILES))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


class ScoreBundlesDataset(DropFolderDataset[BundleShelf]):
    """``ScoreBundlesDataset`` reads every bundle in a folder that team mates copy theirs into.

    A bundle is called as its folder is. What is no sound bundle is set aside with the reason; a
    blend goes on without it, and says so.

    Example usage for the YAML API:

    ```yaml
    score_bundles:
      type: klue_pipeline.datasets.score_bundle.ScoreBundlesDataset
      filepath: data/01_raw/bundles
    ```

    Example usage for the Python API:

    >>> ScoreBundlesDataset(filepath="a/folder/that/is/not/there").exists()
    False
    """

    def load(self) -> BundleShelf:
        """Read all bundles into memory: 4 MB each for 32,470 rows and 30 labels.

        Raises:
            DatasetError: There is a file where the folder was wanted.
        """
        bundles: dict[str, ScoreBundle] = {}
        refused: dict[str, str] = {}
        for path in list_entries(self._filepath):
            try:
                bundles[path.name] = _read_handed_in(path)
            except DatasetError as error:
                refused[path.name] = str(error)
                logger.warning("A score bundle is left out: %s", error)
        if bundles:
            logger.info("Score bundles in %s: %d", self._filepath, len(bundles))
        return BundleShelf(bundles, refused)


def _read_bundle(folder: Path) -> ScoreBundle:
    description = read_manifest(folder)
    return ScoreBundle(
        description,
        _score_file(folder, OUT_OF_FOLD).load(),
        _score_file(folder, TEST_SCORES).load(),
    )


def _score_file(folder: Path, name: str) -> ScoreTableDataset:
    return ScoreTableDataset(filepath=str(folder / name))


def _read_handed_in(path: Path) -> ScoreBundle:
    """Read one bundle of the drop folder.

    Raises:
        DatasetError: It is none; the message says what to do about the slips that are usual.
    """
    if not path.is_dir():
        what = "an archive; unpack it here, and remove it" if is_archive(path) else "a file"
        raise DatasetError(f"{path} is {what}. A score bundle is a folder with {MANIFEST} in it.")
    if not _NAME.fullmatch(path.name):
        raise DatasetError(
            f"{path} cannot be named in ensemble.members; rename the folder to letters, digits "
            "and any of . _ + -."
        )
    if not (path / MANIFEST).exists() and (inner := sorted(path.glob(f"*/{MANIFEST}"))):
        raise DatasetError(
            f"{path} is no score bundle but holds one, {inner[0].parent.name}; move it up into "
            f"{path.parent}."
        )
    return ScoreBundleDataset(filepath=str(path)).load()
