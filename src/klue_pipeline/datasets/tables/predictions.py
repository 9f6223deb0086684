"""Predictions for new rows, written as they are made: memory stays flat however many there are."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pandas as pd
from kedro.io import AbstractDataset, DatasetError

from klue_pipeline.datasets.tables.prediction_folder import choose_folder, write_input
from klue_pipeline.datasets.whole.parquet import row_group_writer
from klue_pipeline.relation.inference.batch_prediction import PROBABILITY
from klue_pipeline.runs.disk.atomic_file import folder_written_beside
from klue_pipeline.text.csv_tables import unescape_table, write_csv
from klue_pipeline.text.records.problems import REJECTED_COLUMNS
from klue_pipeline.training.exporting.answered_rows import AnsweredRows

logger = logging.getLogger(__name__)

REJECTED_FILE = "rejected_rows.csv"
_TEXTS = dict.fromkeys(
    ("row_id", "label", "question", "answer", "best_guess", "title", "passage_id"), str
)
"""Columns that may look like numbers."""
_MAY_BE_MISSING = ("answer", "confidence")
_FOR_SPREADSHEETS = "utf-8-sig"  # the byte order mark tells Excel that it is UTF-8

Write = Callable[[pd.DataFrame], None]
Writer = Callable[[Path], AbstractContextManager[Write]]


class PredictionsDataset(AbstractDataset[AnsweredRows[Any], pd.DataFrame]):
    """A folder of ``<stem>.<format>``, ``rejected_rows.csv`` and ``input.json``.

    It is whole or not there. What was labelled before a file broke off is kept, and then refused.

    Saving iterates over the prediction, so that a chunk of rows is in memory at a time.

    Args:
        filepath: The folder in which each input file has one of its own.
        source: The input file; its name without ending names the folder.
        escape_formulas: Whether CSV files are made safe for spreadsheets.
        metadata: Left to plugins such as Kedro-Viz.
    """

    stem: ClassVar[str] = "predictions"
    """The file of predictions, without its ending."""
    setting: ClassVar[str] = "predict.input"
    """The parameter that ``source`` comes from."""
    pipeline: ClassVar[str] = "predict_new"
    """What makes predictions."""

    def __init__(
        self,
        *,
        filepath: str,
        source: str | None,
        escape_formulas: bool = True,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        self._filepath, self._source = Path(filepath), source
        self._escape_formulas = escape_formulas
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the predictions.

        Raises:
            DatasetError: There are none.
        """
        folder = self._choose_folder()
        path = self._find()
        if path is None:
            raise DatasetError(
                f"No {self.stem} in {folder}; make them with kedro run --pipelines "
                f"{self.pipeline} --params {self.setting}=<file>."
            )
        table = READERS[path.suffix.removeprefix(".")](path)
        is_escaped = self._escape_formulas and path.suffix == ".csv"
        return unescape_table(table) if is_escaped else table

    def save(self, data: AnsweredRows[Any]) -> None:
        """Label all rows and write them in the format that ``data`` names.

        Raises:
            DatasetError: The file cannot name a folder, its rows cannot be read, or none can be
                labelled; what was there stays. Or the file breaks off, and what stands before
                that is labelled.
        """
        place = self._choose_folder()
        try:
            with folder_written_beside(place) as folder:
                _write(data, folder, self.stem, escape_formulas=self._escape_formulas)
                write_input(folder, self._source or data.name)
        except ValueError as error:
            raise DatasetError(str(error)) from error
        if data.broken_off:
            reason = data.broken_off.rstrip(".")
            raise DatasetError(f"{reason}. What was {data.words.done} before is in {place}.")
        if data.tally.n_rejected:
            logger.info("The rows not %s, and why: %s", data.words.done, place / REJECTED_FILE)

    @property
    def result_path(self) -> Path | None:
        """The file to open, which a run names as it ends; None before there is one."""
        return self._find()

    def _choose_folder(self) -> Path:
        return choose_folder(self._filepath, self._source, self.setting)

    def _find(self) -> Path | None:
        folder = self._choose_folder()
        files = (folder / f"{self.stem}.{name}" for name in WRITERS)
        return next((path for path in files if path.is_file()), None)

    def _exists(self) -> bool:
        return self._find() is not None

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "source": self._source}


def _write(data: AnsweredRows[Any], folder: Path, stem: str, *, escape_formulas: bool) -> None:
    writers: dict[str, Writer] = {
        **WRITERS,
        "csv": partial(_write_csv, escape_formulas=escape_formulas),
    }
    with (
        writers[data.output_format](folder / f"{stem}.{data.output_format}") as write,
        writers["csv"](folder / REJECTED_FILE) as reject,
    ):
        reject(pd.DataFrame(columns=list(REJECTED_COLUMNS)))
        for chunk in data:
            write(chunk.predictions)
            reject(chunk.rejected)


class NewAnswersDataset(PredictionsDataset):
    """A folder of ``answers.<format>``, ``rejected_rows.csv`` and ``input.json``.

    As :class:`PredictionsDataset`, for questions.

    Example usage for the YAML API:

    ```yaml
    odqa.new_answers:
      type: klue_pipeline.datasets.tables.predictions.NewAnswersDataset
      filepath: data/08_reporting/odqa/reader/answers_new
      source: new.jsonl
    ```
    """

    stem = "answers"
    setting = "odqa.questions"
    pipeline = "odqa_answer_new"


# Six digits are what a person reads; the other formats keep all.
@contextmanager
def _write_csv(path: Path, *, escape_formulas: bool = True) -> Iterator[Write]:
    with path.open("w", encoding=_FOR_SPREADSHEETS, newline="") as file:

        def write(table: pd.DataFrame) -> None:
            header = file.tell() == 0
            write_csv(
                table, file, escape_formulas=escape_formulas, header=header, float_format="%.6g"
            )

        yield write


@contextmanager
def _write_json_lines(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8", newline="\n") as file:

        def write(table: pd.DataFrame) -> None:
            for row in table.astype(object).where(table.notna(), None).to_dict("records"):
                file.write(json.dumps(_with_probabilities(row), ensure_ascii=False) + "\n")

        yield write


def _with_probabilities(row: dict[Any, Any]) -> dict[str, Any]:
    """Gather the columns of the labels, if there are any, into one object."""
    plain = {name: value for name, value in row.items() if not name.startswith(PROBABILITY)}
    by_label = {n.removeprefix(PROBABILITY): v for n, v in row.items() if n.startswith(PROBABILITY)}
    return {**plain, "probabilities": by_label} if by_label else plain


WRITERS: dict[str, Writer] = {
    "csv": _write_csv,
    "jsonl": _write_json_lines,
    "parquet": row_group_writer,
}
"""How predictions are written in each format, chunk by chunk."""


def _read_csv(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, encoding=_FOR_SPREADSHEETS, dtype=_TEXTS, keep_default_na=False,
                       na_values={name: [""] for name in _MAY_BE_MISSING})  # fmt: skip


def _read_json_lines(path: Path) -> pd.DataFrame:
    return pd.read_json(path, lines=True, dtype=_TEXTS)


READERS: dict[str, Callable[[Path], pd.DataFrame]] = {
    "csv": _read_csv,
    "jsonl": _read_json_lines,
    "parquet": pd.read_parquet,
}
"""How predictions are read in each format."""
