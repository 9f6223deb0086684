"""Score bundles as folders that are whole and unharmed."""

from pathlib import Path

from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.datasets.shared.bundle_manifest import (
    MANIFEST,
    OUT_OF_FOLD,
    SCORE_FILES,
    TEST_SCORES,
    read_manifest,
    write_manifest,
)
from klue_pipeline.datasets.tables.score_table import ScoreTableDataset
from klue_pipeline.evaluation.bundles import ScoreBundle
from klue_pipeline.runs.disk.atomic_file import folder_written_beside


class ScoreBundleDataset(LocalDataset[ScoreBundle, ScoreBundle]):
    """``ScoreBundleDataset`` keeps one bundle as a folder that can be copied to another server.

    The folder holds ``bundle.json``, ``out_of_fold.parquet`` and ``test_scores.parquet``, no
    weights, and nothing that has to be unpickled. It is written beside its place and renamed into
    it. Loading compares the score files with their SHA-256 in ``bundle.json``.

    Example usage for the YAML API:

    ```yaml
    score_bundle:
      type: klue_pipeline.datasets.shared.score_bundle.ScoreBundleDataset
      filepath: data/08_reporting/bundles/baseline
    ```
    """

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


def _read_bundle(folder: Path) -> ScoreBundle:
    description = read_manifest(folder)
    return ScoreBundle(
        description,
        _score_file(folder, OUT_OF_FOLD).load(),
        _score_file(folder, TEST_SCORES).load(),
    )


def _score_file(folder: Path, name: str) -> ScoreTableDataset:
    return ScoreTableDataset(filepath=str(folder / name))
