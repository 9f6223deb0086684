"""Folders that people drop files into: bundles of team mates, submissions from elsewhere."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import pandas as pd
from kedro.io import DatasetError

from klue_pipeline.datasets.csv_table import read_csv_table
from klue_pipeline.datasets.local import LocalDataset, ReadOnlyDataset
from klue_pipeline.datasets.shared.answer_bundle import AnswerBundleDataset
from klue_pipeline.datasets.shared.bundle_folder import BundleFolderDataset
from klue_pipeline.datasets.shared.bundle_manifest import MANIFEST
from klue_pipeline.datasets.shared.score_bundle import ScoreBundleDataset
from klue_pipeline.datasets.whole.texts import JSONDataset
from klue_pipeline.evaluation.bundles import BundleShelf
from klue_pipeline.evaluation.score_bundles import ScoreBundle
from klue_pipeline.odqa.answer_ensemble.answer_bundle import AnswerBundle, PlainAnswers
from klue_pipeline.relation.submissions.plain_submissions import SubmissionShelf
from klue_pipeline.text.folder_names import find_typed_fault

logger = logging.getLogger(__name__)

_ARCHIVES = frozenset({".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst", ".7z", ".rar"})
_LEFT_BY_UNZIPPING = "__MACOSX"
_SUBMISSION_SUFFIX = ".csv"
_PREDICTIONS_SUFFIX = ".json"

Shelf = TypeVar("Shelf")
Read = TypeVar("Read")
Bundle = TypeVar("Bundle")


class _DropFolderDataset(LocalDataset[Any, Shelf], ReadOnlyDataset[Shelf]):
    """What datasets of such folders share; there need not be such a folder."""

    def _exists(self) -> bool:
        return self._filepath.is_dir()


class _BundlesDataset(_DropFolderDataset[BundleShelf[Bundle]]):
    """What datasets of handed in bundles share.

    A bundle is called as its folder is. What is no sound bundle is set aside with the reason; a
    blend goes on without it, and says so.
    """

    bundle: ClassVar[type[BundleFolderDataset[Any]]]
    named_in: ClassVar[str]
    """The setting that names bundles."""

    def load(self) -> BundleShelf[Bundle]:
        """Read all bundles into memory.

        Raises:
            DatasetError: There is a file where the folder was wanted.
        """
        bundles, refused = _read_all(self._filepath, self._read)
        for reason in refused.values():
            logger.warning("A bundle is left out: %s", reason)
        if bundles:
            logger.info("Bundles in %s: %d", self._filepath, len(bundles))
        return BundleShelf(bundles, refused)

    def _read(self, path: Path) -> Any:
        """Read one bundle.

        Raises:
            DatasetError: It is none; the message says what to do about the slips that are usual.
        """
        if not path.is_dir():
            found = "an archive; unpack it here, and remove it" if _is_archive(path) else "a file"
            raise DatasetError(f"{path} is {found}. A bundle is a folder with {MANIFEST} in it.")
        if fault := find_typed_fault(path.name):
            raise DatasetError(
                f"{path} cannot be named in {self.named_in}: {fault}; rename the folder."
            )
        if not (path / MANIFEST).exists() and (inner := sorted(path.glob(f"*/{MANIFEST}"))):
            raise DatasetError(
                f"{path} is no bundle but holds one, {inner[0].parent.name}; move it up into "
                f"{path.parent}."
            )
        return self.bundle(filepath=str(path)).load()


class ScoreBundlesDataset(_BundlesDataset[ScoreBundle]):
    """``ScoreBundlesDataset`` reads every score bundle in a folder that team mates fill.

    A bundle of 32,470 rows and 30 labels takes 4 MB of memory.

    Example usage for the YAML API:

    ```yaml
    score_bundles:
      type: klue_pipeline.datasets.shared.drop_folders.ScoreBundlesDataset
      filepath: data/01_raw/bundles
    ```

    Example usage for the Python API:

    >>> ScoreBundlesDataset(filepath="a/folder/that/is/not/there").exists()
    False
    """

    bundle = ScoreBundleDataset
    named_in = "ensemble.members"


class AnswerBundlesDataset(_BundlesDataset[AnswerBundle | PlainAnswers]):
    """``AnswerBundlesDataset`` reads every answer bundle in a folder, and every JSON file.

    A file holds an answer to each test question by its id, in the layout of ``predictions.json``;
    it is called as it is with its ending.

    Example usage for the YAML API:

    ```yaml
    odqa.answer_bundles:
      type: klue_pipeline.datasets.shared.drop_folders.AnswerBundlesDataset
      filepath: data/01_raw/odqa_bundles
    ```

    Example usage for the Python API:

    >>> AnswerBundlesDataset(filepath="a/folder/that/is/not/there").exists()
    False
    """

    bundle = AnswerBundleDataset
    named_in = "odqa.ensemble.members"

    def _read(self, path: Path) -> AnswerBundle | PlainAnswers:
        if path.suffix.lower() != _PREDICTIONS_SUFFIX or not path.is_file():
            bundle: AnswerBundle = super()._read(path)
            return bundle
        found = JSONDataset(filepath=str(path)).load()
        if not isinstance(found, dict) or not all(isinstance(own, str) for own in found.values()):
            raise DatasetError(
                f"{path} is no file of predictions: an object with a text for each question id was "
                "wanted."
            )
        return found


class PlainSubmissionsDataset(_DropFolderDataset[SubmissionShelf]):
    """``PlainSubmissionsDataset`` reads every CSV file of a folder as text.

    A submission is called as its file is. What cannot be read is set aside with the reason; whether
    the rest are submissions for the test rows is asked where rows and labels are known.

    Example usage for the YAML API:

    ```yaml
    plain_submissions:
      type: klue_pipeline.datasets.shared.drop_folders.PlainSubmissionsDataset
      filepath: data/01_raw/submissions
    ```

    Example usage for the Python API:

    >>> PlainSubmissionsDataset(filepath="a/folder/that/is/not/there").exists()
    False
    """

    def load(self) -> SubmissionShelf:
        """Read all files.

        Raises:
            DatasetError: There is a file where the folder was wanted.
        """
        tables, refused = _read_all(self._filepath, _read_submission)
        if tables:
            logger.info("Submission files in %s: %d", self._filepath, len(tables))
        return SubmissionShelf(tables, refused)


def _read_all(folder: Path, read: Callable[[Path], Read]) -> tuple[dict[str, Read], dict[str, str]]:
    """Read every entry of a folder by its name, and say why of each that cannot be read."""
    entries: dict[str, Read] = {}
    refused: dict[str, str] = {}
    for path in _list_entries(folder):
        try:
            entries[path.name] = read(path)
        except DatasetError as error:
            refused[path.name] = str(error)
    return entries, refused


def _read_submission(path: Path) -> pd.DataFrame:
    if path.suffix.lower() != _SUBMISSION_SUFFIX or not path.is_file():
        raise DatasetError(f"{path} is {_what_instead(path)}. A submission is a CSV file.")
    try:
        return read_csv_table(path).reset_index(drop=True)
    except (OSError, ValueError) as error:
        raise DatasetError(
            f"{path} cannot be read: {error} A submission has commas between columns, and probs in "
            "double quotes."
        ) from error


def _what_instead(path: Path) -> str:
    if (path / MANIFEST).is_file():
        return "a score bundle; it belongs into the folder of bundles (raw.bundles)"
    if path.is_dir():
        return "a folder; move the files out of it"
    return "an archive; unpack it here, and remove it" if _is_archive(path) else "another file"


def _list_entries(folder: Path) -> list[Path]:
    """Return everything that was handed in, by name; nothing where there is no folder.

    Hidden files, a README and what a Mac's archives leave behind are nobody's work.

    Raises:
        DatasetError: ``folder`` is a file.
    """
    if not folder.exists():
        return []
    if not folder.is_dir():
        raise DatasetError(f"{folder} is a file; a folder was wanted.")
    return sorted(path for path in folder.iterdir() if not _is_nobodys(path.name))


def _is_archive(path: Path) -> bool:
    """Tell by its name whether a file has to be unpacked.

    >>> _is_archive(Path("baseline.ZIP")), _is_archive(Path("v1.0"))
    (True, False)
    """
    return path.suffix.lower() in _ARCHIVES


def _is_nobodys(name: str) -> bool:
    is_readme = Path(name).stem.partition(".")[0].upper() == "README"
    return name.startswith(".") or name == _LEFT_BY_UNZIPPING or is_readme
