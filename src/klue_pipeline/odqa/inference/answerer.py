"""An exported experiment as one Python function: questions in, answers out.

Needs the exported folder and nothing else of a run. How it is trained and exported is not decided
here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, overload

import pandas as pd
import torch

from klue_pipeline.odqa.dense.encoder import Placement
from klue_pipeline.odqa.inference.answer_prediction import AnswerPrediction, tell_answers
from klue_pipeline.odqa.inference.answerer_folder import (
    AnswererSettings,
    find_readers,
    read_passages,
    read_settings,
)
from klue_pipeline.odqa.inference.answering import Answering
from klue_pipeline.odqa.inference.readers import load_graphs, load_readers
from klue_pipeline.odqa.inference.requests import (
    CONTEXT,
    as_records,
    read_requests,
    table_requests,
)
from klue_pipeline.odqa.inference.searching import open_searcher
from klue_pipeline.odqa.ingest.parsing.raw_question import RawQuestion
from klue_pipeline.training.device import resolve_device, resolve_precision
from klue_pipeline.training.exporting.micro_batches import ROWS_TOGETHER, MicroBatches
from klue_pipeline.training.exporting.onnx_session import Runtime, choose_runtime, require_cpu
from klue_pipeline.training.params import Precision

_QUESTIONS_AT_A_TIME = 256
"""With all windows of their passages in memory."""


class QuestionAnswerer:
    """Readers, passages and indexes of an experiment, which answer questions.

    Made by :meth:`from_pretrained`. Several threads may call it at once.

    Attributes:
        folder: The exported experiment.
        settings: How it answers.

    Example::

        answerer = QuestionAnswerer.from_pretrained("data/06_models/odqa/reader/exported")
        answerer("토지를 쓴 사람은 누구인가?").answer
        answerer("토지를 쓴 사람은?", context="《토지》는 박경리의 소설이다.").answer
    """

    def __init__(
        self,
        folder: Path,
        settings: AnswererSettings,
        answering: Answering,
        rows_together: int = ROWS_TOGETHER,
    ) -> None:
        """Gather what was loaded."""
        self.folder = folder
        self.settings = settings
        self._answering = answering
        self._together = MicroBatches(self._answer_requests, rows_together)

    @classmethod
    def from_pretrained(
        cls,
        folder: str | Path,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        batch_size: int = 16,
        rows_together: int = ROWS_TOGETHER,
        runtime: Runtime = "auto",
    ) -> "QuestionAnswerer":
        """Load an exported experiment.

        Args:
            folder: What ``kedro run --pipelines odqa_export`` wrote; it may have been moved.
            device: ``cpu``, ``cuda``, ``cuda:1`` or ``mps``; ``auto`` takes a GPU if there is one.
            precision: ``fp32``, ``bf16`` or ``fp16`` (GPU only); ``auto`` is fp16 on a GPU, bf16 on
                a CPU that has it, else fp32. Weights stay float32. With less than fp32 a
                probability may differ in the third digit between batches.
            batch_size: Windows of a passage that are read at a time; more need more memory and give
                the same result.
            rows_together: Questions that several threads ask at the same time are answered
                together, up to so many; with 0 each thread is answered by itself.
            runtime: What runs the readers: ``pytorch``; ``onnx`` for a folder of
                ``kedro run --pipelines odqa_onnx``, on a CPU; ``auto`` takes PyTorch where its
                weights are there. What searches passages runs in PyTorch.

        Raises:
            ImportError: onnxruntime is wanted and not installed.
            FileNotFoundError: There is no such folder, or it is no exported answerer, or none for
                this runtime.
            ValueError: It is not what was exported or of another version, or device or precision is
                not to be had here.
        """
        _require_sound(precision, batch_size)
        source = Path(folder)
        settings = read_settings(source)
        folders = find_readers(source)
        uses_graphs = choose_runtime(list(folders.values()), runtime, "odqa_onnx") == "onnx"
        if uses_graphs:
            require_cpu(device)
        place = resolve_device("cpu" if uses_graphs else device, "device")
        resolved = resolve_precision(precision, place, "precision")
        passages = read_passages(source)
        readers = (
            load_graphs(folders, batch_size)
            if uses_graphs
            else load_readers(folders, place, resolved, batch_size)
        )
        placement, searcher = Placement(str(place), resolved), None
        if settings.search is not None:
            searcher = open_searcher(source, settings.search, passages, placement)
        answering = Answering(settings, readers, passages, searcher)
        return cls(source, settings, answering, rows_together)

    def __repr__(self) -> str:
        """Return folder, experiment, and where and how the readers run."""
        readers = self._answering.readers
        return (
            f"QuestionAnswerer(folder={str(self.folder)!r}, experiment="
            f"{self.settings.experiment!r}, readers={len(readers.models)}, "
            f"searches={self.settings.search is not None}, device={self.device}, "
            f"precision={readers.precision}, batch_size={readers.batch_size})"
        )

    @property
    def device(self) -> torch.device:
        """The device of the readers."""
        return self._answering.readers.device

    @overload
    def __call__(
        self, question: str, *, context: str | None = None, top: int = 1
    ) -> AnswerPrediction: ...

    @overload
    def __call__(
        self,
        question: list[str] | tuple[str, ...],
        *,
        context: str | Sequence[str | None] | None = None,
        top: int = 1,
    ) -> list[AnswerPrediction]: ...

    def __call__(
        self, question: Any, *, context: Any = None, top: int = 1
    ) -> AnswerPrediction | list[AnswerPrediction]:
        """Answer a question, or each of a list.

        Args:
            question: A question, or a list of them.
            context: Text to answer from, in place of the passages that are searched: one for all
                questions, or a list with one for each. Places of an answer count in it.
            top: How many answers ``n_best`` has, best first; at most ``answer.n_best`` of the
                experiment.

        Returns:
            One answer, or a list of them in the order of the questions.

        Raises:
            TypeError: Something is neither text nor a list.
            ValueError: A question cannot be asked, lists differ in length, or no passages can be
                searched; the message says which and why.
        """
        answers = self.answer(as_records(question, context), top=top)
        return answers[0] if isinstance(question, str) else answers

    def answer(
        self, requests: Iterable[Mapping[str, Any]], *, top: int = 1
    ) -> list[AnswerPrediction]:
        """Answer several requests, as JSON or the rows of a table have them.

        Args:
            requests: ``question``, and ``context`` where it is to be answered from that.
            top: How many answers each ``n_best`` has.

        Raises:
            ValueError: A request cannot be used; the message says which and why.
        """
        rows = read_requests(requests)
        self._require_answerable([row.context is not None for row in rows], top)
        said = self._together.ask([(row, top) for row in rows])
        return [replace(each, n_best=each.n_best[:top]) for each in said]

    def _answer_requests(self, asked: Sequence[tuple[RawQuestion, int]]) -> list[AnswerPrediction]:
        most = max((top for _, top in asked), default=1)
        return self.answer_table(table_requests([row for row, _ in asked]), top=most)

    def answer_table(self, questions: pd.DataFrame, *, top: int = 1) -> list[AnswerPrediction]:
        """Answer the rows of a table that :func:`table_requests` wrote.

        Raises:
            ValueError: ``top`` is below 1, or a row has no context and nothing can be searched.
        """
        self._require_answerable(questions[CONTEXT].notna().tolist(), top)
        starts = range(0, len(questions), _QUESTIONS_AT_A_TIME)
        parts = (questions.iloc[start : start + _QUESTIONS_AT_A_TIME] for start in starts)
        return [said for part in parts for said in tell_answers(part, self._answering, top)]

    def _require_answerable(self, have_context: Sequence[bool], top: int) -> None:
        if top < 1:
            raise ValueError(f"top is {top}; at least 1 answer was wanted.")
        if self.settings.search is None and not all(have_context):
            raise ValueError(
                f"{self.folder} answers from a context alone, and question "
                f"{have_context.index(False)}, counted from 0, has none: "
                f"{self.settings.no_search} Give a context with it."
            )


def _require_sound(precision: str, batch_size: int) -> None:
    if precision not in get_args(Precision):
        raise ValueError(f"precision is {precision!r}; wanted one of {get_args(Precision)}.")
    if batch_size < 1:
        raise ValueError(f"batch_size is {batch_size}; at least 1 window was wanted.")
