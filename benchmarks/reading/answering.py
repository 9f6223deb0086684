"""From questions to answers: search, read, choose; and the same by a plain loop over questions."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from benchmarks.markdown import write_table
from benchmarks.reading.workload import ReadingWorkload
from benchmarks.retrieval.corpus import read_retriever
from benchmarks.turns import OURS, take_turns
from klue_pipeline.datasets.whole.parquet import ParquetDataset
from klue_pipeline.odqa.answering.choosing import Choice, choose
from klue_pipeline.odqa.answering.collecting import collect
from klue_pipeline.odqa.reader.fold_reading import FoldReading
from klue_pipeline.odqa.reader.reader_model import ReaderModel
from klue_pipeline.odqa.reader.reading_plan import plan_reading
from klue_pipeline.odqa.reader.window_reading import SpanRules
from klue_pipeline.odqa.sparse.bm25 import Bm25Index, fit_bm25
from klue_pipeline.odqa.tokens.passage_tokens import tokenise_passages
from klue_pipeline.text.blanks import blank_out_breaks
from klue_pipeline.training.device import choose_device

N_BEST = 20
ONE_BY_ONE = "one question after the other, fp32, padded to the longest that is allowed"
STEPS = ("search", "read", "trim and choose")
_NO_GOLD = pd.DataFrame({"question_id": [], "passage_id": []}, dtype="str")


@dataclass(frozen=True)
class Answering:
    """What answers questions.

    Attributes:
        workload: The reader's settings and tokenizer; its examples are not read.
        passages: What is searched: ``passage_id``, ``title`` and ``text``.
        index: Of the passages.
        folder: Where the reader is saved.
        seconds: How long each of :data:`STEPS` took in the last :meth:`answer`.
    """

    workload: ReadingWorkload
    passages: pd.DataFrame
    index: Bm25Index
    folder: Path
    seconds: dict[str, float]

    def answer(self, questions: pd.DataFrame, top_k: int) -> pd.Series:
        """Answer as a run does, candidates written to disk; return answers by question."""
        with self._timed("search"):
            run = self.index.search(questions, top_k)
        file = ParquetDataset(filepath=str(self.folder / "candidates.parquet"))
        with self._timed("read"):
            file.save(self._reading(questions, run, top_k))
        with self._timed("trim and choose"):
            candidates = collect(self.passages, {0: file.load()})
            best = choose(candidates, run, Choice())
        return best.loc[best["rank"] == 1].set_index("question_id")["untrimmed"]

    def _reading(self, questions: pd.DataFrame, run: pd.DataFrame, top_k: int) -> FoldReading:
        return FoldReading(
            self.folder,
            plan_reading(questions["question_id"], run, _NO_GOLD, top_k, "separate"),
            questions.set_index("question_id")["question"],
            self.passages.set_index("passage_id")["text"],
            self.workload.settings.training,
            SpanRules("logits", self.workload.settings.max_answer_tokens, N_BEST),
        )

    @contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[step] = time.perf_counter() - began

    def answer_one_by_one(self, questions: pd.DataFrame, top_k: int) -> pd.Series:
        """Answer by a plain loop that neither trims answers nor adds up probabilities."""
        model = ReaderModel.from_pretrained(self.folder)
        model.to(choose_device(self.workload.settings.training)[0])
        texts = self.passages.set_index("passage_id")["text"]
        answers = {}
        for place in range(len(questions)):
            asked = questions.iloc[[place]]
            found = self.index.search(asked, top_k)["passage_id"]
            question = asked.iloc[0]
            answers[question["question_id"]] = self._read_one(
                model, question["question"], texts.loc[found].tolist()
            )
        return pd.Series(answers)

    def _read_one(self, model: ReaderModel, question: str, contexts: list[str]) -> str:
        """Read the passages of a question as ``run_qa`` of Transformers does.

        Its best span may begin where another window has more context, which ours leaves to that.
        """
        settings = self.workload.settings
        encoded = self.workload.tokenizer(
            [blank_out_breaks(question)] * len(contexts),
            [blank_out_breaks(context) for context in contexts],
            truncation="only_second",
            max_length=settings.training.max_tokens,
            stride=settings.reader.stride,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding="max_length",
            return_tensors="pt",
        )
        places, pairs = encoded.pop("offset_mapping"), encoded.pop("overflow_to_sample_mapping")
        with torch.no_grad():
            logits = model(**encoded.to(next(model.parameters()).device)).cpu().numpy()
        best, answer = -np.inf, ""
        for window, pair in enumerate(pairs.tolist()):
            of_passage = np.array(encoded.sequence_ids(window), dtype=float) == 1
            score, first, last = _best_span(logits[window], of_passage, settings.max_answer_tokens)
            if score > best:
                best, span = score, (places[window, first, 0], places[window, last, 1])
                answer = contexts[pair][span[0] : span[1]]
        return answer.strip()  # SentencePiece counts the blank before a word to its first token


def _best_span(
    logits: np.ndarray, of_passage: np.ndarray, max_answer_tokens: int
) -> tuple[float, int, int]:
    """Look through all pairs of the best starts and ends."""
    starts, ends = (np.where(of_passage, logits[:, side], -np.inf) for side in (0, 1))
    found = (-np.inf, 0, 0)
    for first in np.argsort(-starts)[:N_BEST]:
        for last in np.argsort(-ends)[:N_BEST]:
            score = starts[first] + ends[last]
            if first <= last < first + max_answer_tokens and score > found[0]:
                found = float(score), int(first), int(last)
    return found


def prepare_answering(workload: ReadingWorkload, passages: pd.DataFrame, folder: Path) -> Answering:
    """Index the passages and save an untrained reader.

    Args:
        workload: The reader.
        passages: Schema ``Passages``.
        folder: An empty one.
    """
    model = workload.build_reader()
    model.save_pretrained(folder)
    workload.tokenizer.save_pretrained(folder)
    retriever = read_retriever("bm25", tokens="character_bigram")
    index = fit_bm25(tokenise_passages(passages, "character_bigram", folder / "tokens"), retriever)
    return Answering(workload, passages, index, folder, {})


def passages_of(examples: pd.DataFrame) -> pd.DataFrame:
    """Return the different contexts of questions as passages (schema ``Passages``)."""
    contexts = examples.drop_duplicates("passage_id")
    return pd.DataFrame(
        {
            "passage_id": contexts["passage_id"],
            "document_id": contexts["passage_id"],
            "title": "",
            "text": contexts["context"],
            "start_char": 0,
        }
    ).reset_index(drop=True)


def measure_answering(
    workload: ReadingWorkload,
    passages: pd.DataFrame,
    questions: pd.DataFrame,
    top_k: int,
    rounds: int,
) -> dict[str, Any]:
    """Answer in both ways in turn; return ratios, questions a second, and shares of the steps."""
    with tempfile.TemporaryDirectory() as folder:
        answering = prepare_answering(workload, passages, Path(folder))
        ways = {OURS: answering.answer, ONE_BY_ONE: answering.answer_one_by_one}
        for answer in ways.values():  # imports and dictionaries
            answer(questions.head(1), top_k)
        measured, answers = take_turns(
            {name: partial(answer, questions, top_k) for name, answer in ways.items()}, rounds
        )
    seconds = sum(answering.seconds.values())
    return {
        "questions": len(questions),
        "passages": len(passages),
        "top_k": top_k,
        "rounds": rounds,
        "precision": choose_device(workload.settings.training)[1],
        "questions_per_second": len(questions) / seconds,
        "shares": {step: took / seconds for step, took in answering.seconds.items()},
        "ratios": measured,
        "same_answer": float(
            (answers[OURS] == answers[ONE_BY_ONE].loc[answers[OURS].index]).mean()
        ),
    }


def write_answering(result: dict[str, Any]) -> str:
    """Write what was answered, and the table: how many times as fast ours is."""
    line = [*(f"{ratio:.2f}" for ratio in result["ratios"][ONE_BY_ONE]),
            f"{result['same_answer']:.0%}"]  # fmt: skip
    shares = ", ".join(f"{step} {share:.0%}" for step, share in result["shares"].items())
    columns = ("against", "ours is so many times as fast", "in CPU time", "same answer")
    return (
        f"{result['questions']:,} questions, the {result['top_k']} best of {result['passages']:,} "
        f"passages read for each, ours in {result['precision']}, alternating rounds: "
        f"{result['rounds']}. Ours answers {result['questions_per_second']:.1f} questions a "
        f"second, in shares of its time: {shares}.\n\n{write_table(columns, [[ONE_BY_ONE, *line]])}"
    )
