"""A contest submission as a CSV file that was checked before it was written."""

import pandas as pd
from kedro.io import DatasetError

from klue_pipeline.datasets.local import LocalDataset
from klue_pipeline.relation.submissions.submission import encode_submission, validate_submission
from klue_pipeline.runs.disk.atomic_file import written_beside


class SubmissionDataset(LocalDataset[pd.DataFrame, pd.DataFrame]):
    """One submission in one CSV file: ``id``, ``pred_label``, ``probs``.

    What is not a valid submission is not written. Test rows and labels are unknown here, so the
    order of rows is checked where the submission is made, everything else again here. The file
    is written beside its place and renamed.

    Example in a catalog::

        submission:
          type: klue_pipeline.datasets.tables.submission.SubmissionDataset
          filepath: data/08_reporting/submission.csv
    """

    def load(self) -> pd.DataFrame:
        """Read the table with ids and probabilities as text.

        Raises:
            DatasetError: The file is missing or not a CSV file.
        """
        try:
            return pd.read_csv(self._filepath, dtype=str, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise DatasetError(f"Cannot read {self._filepath}: {error}") from error

    def save(self, data: pd.DataFrame) -> None:
        """Check and write the table, replacing what was there.

        Raises:
            DatasetError: The table is not a valid submission.
        """
        try:
            validate_submission(data)
        except ValueError as error:
            raise DatasetError(f"{self._filepath} was not written: {error}") from error
        with written_beside(self._filepath) as partial:
            partial.write_bytes(encode_submission(data))
