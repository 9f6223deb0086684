"""Labels for a file of new rows of any length, a chunk in memory at a time."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from tqdm import tqdm

from klue_pipeline.relation.inference.row_failures import Classify, classify_each, set_aside
from klue_pipeline.relation.ingest.parsing import (
    FormatError,
    RawFile,
    RawRow,
    TableLayout,
    iterate_rows,
)
from klue_pipeline.relation.ingest.unlabelled_rows import Chunk, cut_chunks
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.text.counts import counted
from klue_pipeline.text.records.problems import RowProblem, table_problems

logger = logging.getLogger(__name__)

PROBABILITY = "probability_"
"""What the name of a label's column begins with."""

_TEXT_COLUMNS = {"sentence": "sentence", "subject_text": "subject", "object_text": "object"}


@dataclass(frozen=True)
class LabelledChunk:
    """Predictions for some rows, and those that got none.

    Attributes:
        predictions: ``row_number``, ``row_id``, the texts if wanted, ``label``, ``probability`` and
            ``probability_<label>`` of every label; one line per row that could be labelled.
        rejected: The others; schema ``RejectedRows``.
    """

    predictions: pd.DataFrame
    rejected: pd.DataFrame


@dataclass
class Tally:
    """How many rows went which way, and an example of each reason to reject one."""

    labels: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    first_of: dict[str, RowProblem] = field(default_factory=dict)

    def add(self, predictions: pd.DataFrame, problems: Sequence[RowProblem]) -> None:
        """Count a chunk."""
        self.labels.update(predictions["label"].tolist())
        self.reasons.update(problem.reason for problem in problems)
        for problem in problems:
            self.first_of.setdefault(problem.reason, problem)

    @property
    def n_labelled(self) -> int:
        """Rows that got a label."""
        return self.labels.total()

    @property
    def n_rejected(self) -> int:
        """Rows that could not be labelled."""
        return self.reasons.total()

    def describe_rejected(self) -> str:
        """Return how often each reason occurred, each with its first row."""
        return "; ".join(
            f"{reason} {n_rows:,}, such as row {self.first_of[reason].row.row_number}: "
            f"{self.first_of[reason].detail}"
            for reason, n_rows in self.reasons.most_common()
        )


class BatchPrediction:
    """Rows that are read, labelled and handed out in chunks, as they are asked for.

    Nothing happens before somebody iterates, which may be done once; afterwards ``tally`` is whole.
    A row that cannot be read or labelled is set aside, and the others go on. Where the file breaks
    off after some rows, or the model does, what is labelled stays; ``broken_off`` says why.

    Args:
        raw: The file of new rows.
        layout: Its format, and its columns if it is a table; see
            :func:`klue_pipeline.relation.ingest.parsing.choose_format`.
        classify: The classifier.
        labels: Label names in the order of the probabilities.
        params: How many rows are in memory at a time, and what is written.
    """

    def __init__(
        self,
        raw: RawFile,
        layout: tuple[str, TableLayout],
        classify: Classify,
        labels: Sequence[str],
        params: PredictParams,
    ) -> None:
        self.name = raw.name
        self.labels = tuple(labels)
        self.output_format = params.output_format
        self.tally = Tally()
        self.broken_off = ""
        self._raw, (self._format_name, self._layout) = raw, layout
        self._classify, self._params = classify, params

    def __iter__(self) -> Iterator[LabelledChunk]:
        """Label the file, with a progress bar on a terminal.

        Raises:
            ValueError: The file does not follow its format, has no rows, or none could be labelled.
        """
        with tqdm(desc=f"label {self.name}", unit=" rows", disable=None, leave=False) as bar:
            for chunk in cut_chunks(self._rows(), self._params.chunk_rows):
                labelled = self._label_or_break_off(chunk)
                if labelled is None:
                    break
                yield labelled
                bar.update(len(chunk))
        self._require_some()
        self._log()

    def _rows(self) -> Iterator[RawRow]:
        n_read = 0
        try:
            for row in iterate_rows(self._raw, self._format_name, self._layout)[1]:
                yield row
                n_read += 1
        except FormatError as error:
            raise ValueError(
                f"{error} Set predict.format to the format of the file, or to auto."
            ) from error
        except Exception as error:  # text, JSON, Parquet and what packs files raise their own
            if not n_read:
                raise
            self.broken_off = f"{self.name} cannot be read beyond row {n_read:,}: {error}"
            yield RawRow.unreadable(n_read + 1, None, f"the file breaks off here: {error}")

    def _label_or_break_off(self, chunk: Chunk) -> LabelledChunk | None:
        try:
            return self._label(chunk)
        except Exception as error:  # of the model or its device, for all rows from here on
            if not self.tally.n_labelled:
                raise
            n_done = self.tally.n_labelled + self.tally.n_rejected
            self.broken_off = f"{self.name} cannot be labelled beyond row {n_done:,}: {error}"
            return None

    def _label(self, chunk: Chunk) -> LabelledChunk:
        probabilities, failures = classify_each(chunk.sentences, self._classify, len(self.labels))
        chunk = set_aside(chunk, failures)
        predictions = tabulate(chunk, probabilities, self.labels, with_text=self._params.with_text)
        self.tally.add(predictions, chunk.problems)
        return LabelledChunk(predictions, table_problems(self.name, chunk.problems))

    def _require_some(self) -> None:
        if self.tally.n_labelled:
            return
        if not self.tally.n_rejected:
            raise ValueError(f"{self.name} has no rows; give a file with at least one.")
        raise ValueError(
            f"None of the {self.tally.n_rejected:,} rows of {self.name}, read as "
            f"{self._format_name}, can be labelled: {self.tally.describe_rejected()}. Correct the "
            "file, or say what its columns hold in predict.columns and predict.ends."
        )

    def _log(self) -> None:
        common = ", ".join(
            f"{label} {n_rows:,}" for label, n_rows in self.tally.labels.most_common(5)
        )
        logger.info(
            "%s: %s labelled (%s)", self.name, counted(self.tally.n_labelled, "row"), common
        )
        if self.tally.n_rejected:
            logger.warning(
                "%s: %s could not be labelled (%s)",
                self.name,
                counted(self.tally.n_rejected, "row"),
                self.tally.describe_rejected(),
            )


def tabulate(
    chunk: Chunk, probabilities: NDArray[np.float64], labels: Sequence[str], *, with_text: bool
) -> pd.DataFrame:
    """Write the predictions for a chunk as a table.

    Args:
        chunk: The rows.
        probabilities: Those of each row and label. Shape: (rows, labels).
        labels: Label names in the order of the probabilities.
        with_text: Whether sentence and entities stand beside each prediction.
    """
    texts = chunk.sentences[list(_TEXT_COLUMNS)].rename(columns=_TEXT_COLUMNS)
    table = pd.DataFrame(
        {
            "row_number": pd.Series(chunk.row_numbers, dtype="int64"),
            "row_id": chunk.sentences["row_id"],
            **({name: texts[name] for name in texts} if with_text else {}),
            "label": np.array(labels, dtype=object)[probabilities.argmax(axis=1)],
            "probability": probabilities.max(axis=1),
        }
    ).astype({"label": "str"})
    columns = [f"{PROBABILITY}{label}" for label in labels]
    return pd.concat([table, pd.DataFrame(probabilities, columns=columns)], axis=1)
