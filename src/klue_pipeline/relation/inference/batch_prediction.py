"""Labels for a file of new rows of any length, a chunk in memory at a time."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.ingest.parsing import (
    RawFile,
    RawRow,
    TableLayout,
    iterate_rows,
)
from klue_pipeline.relation.ingest.unlabelled_rows import Chunk, sort_out
from klue_pipeline.relation.settings.export_params import PredictParams
from klue_pipeline.text.records.problems import RowProblem
from klue_pipeline.training.exporting.answered_rows import AnsweredRows, AnswerWords
from klue_pipeline.training.exporting.row_failures import answer_each

Classify = Callable[[pd.DataFrame], NDArray[np.float64]]
"""Takes a table of schema ``TestSentences``, returns probabilities (rows, labels)."""

PROBABILITY = "probability_"
"""What the name of a label's column begins with."""

REASON = "not labelled"
"""Why a row is set aside that the model fails on."""

_TEXT_COLUMNS = {"sentence": "sentence", "subject_text": "subject", "object_text": "object"}


class BatchPrediction(AnsweredRows[RawRow]):
    """Rows that are read, labelled and handed out in chunks, as they are asked for.

    Predictions have ``row_number``, ``row_id``, the texts if wanted, ``label``, ``probability`` and
    ``probability_<label>`` of every label.

    Args:
        raw: The file of new rows.
        layout: Its format, and its columns if it is a table; see
            :func:`klue_pipeline.relation.ingest.parsing.choose_format`.
        classify: The classifier.
        labels: Label names in the order of the probabilities.
        params: How many rows are in memory at a time, and what is written.
    """

    words: ClassVar[AnswerWords] = AnswerWords(
        noun="row",
        verb="label",
        done="labelled",
        counted_as="labelled",
        if_none="Correct the file, or say what its columns hold in predict.columns and "
        "predict.ends.",
        if_other_format="Set predict.format to the format of the file, or to auto.",
    )

    def __init__(
        self,
        raw: RawFile,
        layout: tuple[str, TableLayout],
        classify: Classify,
        labels: Sequence[str],
        params: PredictParams,
    ) -> None:
        format_name, self._layout = layout
        super().__init__(raw.name, format_name, params.output_format, params.chunk_rows)
        self.labels = tuple(labels)
        self._raw, self._classify, self._params = raw, classify, params

    def _read(self) -> Iterator[RawRow]:
        return iterate_rows(self._raw, self._format_name, self._layout)[1]

    def _unreadable(self, row_number: int, problem: str) -> RawRow:
        return RawRow.unreadable(row_number, None, problem)

    def _answer(self, rows: list[RawRow]) -> tuple[pd.DataFrame, list[RowProblem]]:
        chunk = sort_out(rows)

        def classify(start: int, end: int) -> NDArray[np.float64]:
            return self._classify(chunk.sentences.iloc[start:end].reset_index(drop=True))

        parts, failures = answer_each(len(chunk.sentences), classify)
        probabilities = np.concatenate([np.zeros((0, len(self.labels))), *parts])
        chunk = set_aside(chunk, failures)
        table = tabulate(chunk, probabilities, self.labels, with_text=self._params.with_text)
        return table, chunk.problems

    def _count(self, predictions: pd.DataFrame) -> Iterable[str]:
        return predictions["label"].tolist()


def set_aside(chunk: Chunk, failures: Mapping[int, str]) -> Chunk:
    """Move the rows that got no answer to the problems of a chunk."""
    if not failures:
        return chunk
    kept = [place for place in range(len(chunk.row_numbers)) if place not in failures]
    return replace(
        chunk,
        sentences=chunk.sentences.iloc[kept].reset_index(drop=True),
        row_numbers=[chunk.row_numbers[place] for place in kept],
        problems=chunk.problems + [_problem(chunk, *failure) for failure in failures.items()],
    )


def _problem(chunk: Chunk, place: int, detail: str) -> RowProblem:
    row_id = str(chunk.sentences["row_id"].iloc[place])
    row = RawRow.unreadable(chunk.row_numbers[place], row_id, detail)
    return RowProblem(row, REASON, detail)


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
