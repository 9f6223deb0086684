"""The folder that submission files from elsewhere are dropped in."""

import logging
from pathlib import Path

import pandas as pd
from kedro.io import DatasetError

from klue_pipeline.datasets.bundle_manifest import MANIFEST
from klue_pipeline.datasets.drop_folder import DropFolderDataset, is_archive, list_entries
from klue_pipeline.relation.submissions.plain_submissions import SubmissionShelf

logger = logging.getLogger(__name__)

_SUFFIX = ".csv"


class PlainSubmissionsDataset(DropFolderDataset[SubmissionShelf]):
    """``PlainSubmissionsDataset`` reads every CSV file of a folder as text.

    A submission is called as its file is. What cannot be read is set aside with the reason; whether
    the rest are submissions for the test rows is asked where rows and labels are known.

    Example usage for the YAML API:

    ```yaml
    plain_submissions:
      type: klue_pipeline.datasets.plain_submissions.PlainSubmissionsDataset
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
        tables: dict[str, pd.DataFrame] = {}
        refused: dict[str, str] = {}
        for path in list_entries(self._filepath):
            try:
                tables[path.name] = _read(path)
            except DatasetError as error:
                refused[path.name] = str(error)
        if tables:
            logger.info("Submission files in %s: %d", self._filepath, len(tables))
        return SubmissionShelf(tables, refused)


def _read(path: Path) -> pd.DataFrame:
    if path.suffix.lower() != _SUFFIX or not path.is_file():
        raise DatasetError(f"{path} is {_what(path)}. A submission is a CSV file.")
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DatasetError(
            f"{path} cannot be read ({reason}); save it as CSV UTF-8, with commas between columns "
            "and probs in double quotes."
        ) from error
    if not isinstance(table.index, pd.RangeIndex):  # pandas took the surplus for an index
        raise DatasetError(
            f"{path} has rows with more columns than its header has names; put probs in double "
            "quotes."
        )
    return table


def _what(path: Path) -> str:
    if (path / MANIFEST).is_file():
        return "a score bundle; it belongs into the folder of bundles (raw.bundles)"
    if path.is_dir():
        return "a folder; move the files out of it"
    return "an archive; unpack it here, and remove it" if is_archive(path) else "another file"
