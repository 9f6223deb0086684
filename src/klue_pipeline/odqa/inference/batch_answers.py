"""Answers to a file of new questions of any length, a chunk in memory at a time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from typing import ClassVar

import pandas as pd

from klue_pipeline.odqa.inference.answer_prediction import AnswerPrediction
from klue_pipeline.odqa.inference.answerer import QuestionAnswerer
from klue_pipeline.odqa.inference.requests import CHECKS, table_requests
from klue_pipeline.odqa.ingest.parsing import RawQuestion, choose_format, iterate_questions
from klue_pipeline.odqa.ingest.question_checks import find_problem
from klue_pipeline.odqa.settings.export_params import AnswerNewParams
from klue_pipeline.odqa.settings.ingest_params import OdqaIngestParams
from klue_pipeline.text.records.problems import RowProblem
from klue_pipeline.text.records.raw_file import RawFile
from klue_pipeline.training.exporting.answered_rows import AnsweredRows, AnswerWords
from klue_pipeline.training.exporting.row_failures import answer_each

PART = "question"
"""Questions without ids are called after it: question_1, question_2 and so on."""
REASON = "not answered"
"""Why a question is set aside that the model fails on."""

_COLUMNS = (
    "answer", "best_guess", "probability", "confidence", "title", "passage_id", "start_char",
    "end_char",
)  # fmt: skip


class BatchAnswers(AnsweredRows[RawQuestion]):
    """Questions that are read, answered and handed out in chunks, as they are asked for.

    Predictions have ``row_number``, ``question_id``, the question if wanted, and what
    :class:`~klue_pipeline.odqa.inference.answer_prediction.AnswerPrediction` says; ``answer`` is
    missing where none is given.

    Args:
        raw: The file of questions.
        ingest: How it is read.
        answerer: What answers.
        params: How many questions are in memory at a time, and what is written.
    """

    words: ClassVar[AnswerWords] = AnswerWords(
        noun="question",
        verb="answer",
        done="answered",
        counted_as="read",
        if_none="Correct the file, or say what its columns hold in odqa.ingest.columns.",
        if_other_format="Set odqa.ingest.format to the format of the file, or to auto.",
    )

    def __init__(
        self,
        raw: RawFile,
        ingest: OdqaIngestParams,
        answerer: QuestionAnswerer,
        params: AnswerNewParams,
    ) -> None:
        format_name = choose_format(raw, ingest)
        super().__init__(raw.name, format_name, params.output_format, params.chunk_rows)
        self._raw, self._columns, self._answerer, self._params = (
            raw, ingest.columns, answerer, params,
        )  # fmt: skip

    def _read(self) -> Iterator[RawQuestion]:
        for row in iterate_questions(self._raw, self._format_name, self._columns, PART):
            named = replace(row, row_id=row.row_id or f"{PART}_{row.row_number}")
            yield named if self._params.contexts == "read" else replace(named, context=None)

    def _unreadable(self, row_number: int, problem: str) -> RawQuestion:
        return RawQuestion(row_number, None, problem=problem)

    def _answer(self, rows: list[RawQuestion]) -> tuple[pd.DataFrame, list[RowProblem]]:
        found = [(row, find_problem(row, CHECKS)) for row in rows]
        good = [row for row, problem in found if problem is None]
        parts, failures = answer_each(
            len(good),
            lambda start, end: self._answerer.answer_table(table_requests(good[start:end])),
        )
        failed = [RowProblem(good[place], REASON, detail) for place, detail in failures.items()]
        answered = [row for place, row in enumerate(good) if place not in failures]
        predictions = [prediction for part in parts for prediction in part]
        problems = [problem for _, problem in found if problem is not None]
        return self._tabulate(answered, predictions), problems + failed

    def _tabulate(
        self, rows: Sequence[RawQuestion], predictions: Sequence[AnswerPrediction]
    ) -> pd.DataFrame:
        told = pd.DataFrame([asdict(each) for each in predictions], columns=list(_COLUMNS))
        named = {
            "row_number": pd.Series([row.row_number for row in rows], dtype="int64"),
            "question_id": pd.Series([row.row_id for row in rows], dtype="str"),
        }
        if self._params.with_text:
            named["question"] = pd.Series([row.question for row in rows], dtype="str")
        texts = ("answer", "best_guess", "title", "passage_id")
        types = {**dict.fromkeys(texts, "str"), **dict.fromkeys(_NUMBERS, "float64")}
        return pd.concat([pd.DataFrame(named), told.astype({**types, **_PLACES})], axis=1)

    def _count(self, predictions: pd.DataFrame) -> Iterable[str]:
        told = {True: "left without an answer", False: "answered"}
        return predictions["answer"].isna().map(told).tolist()


_NUMBERS = ("probability", "confidence")
_PLACES = {"start_char": "int64", "end_char": "int64"}
