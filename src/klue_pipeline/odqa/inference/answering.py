"""From questions to their best answers: passages found or given, read, chosen among."""

from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.odqa.answering.answers import LOOKED_AT
from klue_pipeline.odqa.answering.choosing import Choice, choose
from klue_pipeline.odqa.answering.collecting import collect
from klue_pipeline.odqa.answering.confidence import Calibration, measure_answers
from klue_pipeline.odqa.inference.answerer_folder import AnswererSettings
from klue_pipeline.odqa.inference.readers import Readers
from klue_pipeline.odqa.inference.searching import Searcher
from klue_pipeline.odqa.reader.reading_plan import plan_reading
from klue_pipeline.odqa.reader.window_reading import SpanRules
from klue_pipeline.odqa.settings.reader_params import PassageReading

_NO_GOLD = pd.DataFrame(columns=["question_id", "passage_id"], dtype="str")


@dataclass(frozen=True, eq=False)
class FoundAnswers:
    """What was found for some questions.

    Attributes:
        n_best: Schema ``NBest``; a question without any passage has no row.
        passages: ``title`` and ``text`` of the passages that were read, by ``passage_id``.
        confidence: The calibrated probability that the best answer is right, by ``question_id``;
            missing where nothing was calibrated for it.
    """

    n_best: pd.DataFrame
    passages: pd.DataFrame
    confidence: pd.Series


@dataclass(frozen=True, eq=False)
class Answering:
    """Everything that answers questions, loaded; several threads may ask.

    Attributes:
        settings: How passages become an answer.
        readers: What reads them.
        passages: ``title`` and ``text`` of all that may be found, by ``passage_id``.
        searcher: What finds them; None where questions come with a context.
        lock: The analyser of morphemes is asked by one thread at a time.
    """

    settings: AnswererSettings
    readers: Readers
    passages: pd.DataFrame
    searcher: Searcher | None
    lock: Any = field(default_factory=Lock)

    @cached_property
    def calibration(self) -> Calibration | None:
        """What says how likely an answer from the passages is right; None where nothing does."""
        found = self.settings.fit.get("calibration")
        return found and Calibration(found["intercept"], found["coefficients"])

    def from_passages(self, questions: pd.DataFrame) -> FoundAnswers:
        """Search passages for questions and answer from them.

        Args:
            questions: With ``question_id`` and ``question``.
        """
        if self.searcher is None:
            raise ValueError(self.settings.no_search)
        answer = self.settings.answer
        run = self.searcher.search(questions)
        read = run.loc[run["rank"] <= answer.top_k, "passage_id"].unique()
        n_best = self._answer(questions, run, self.passages.loc[read], answer.passages)
        return FoundAnswers(n_best, self.passages.loc[read], self._calibrate(n_best, run))

    def from_contexts(self, questions: pd.DataFrame) -> FoundAnswers:
        """Answer each question from its own context, which is a passage of the question's id.

        Args:
            questions: With ``question_id``, ``question`` and ``context``.
        """
        ids = questions["question_id"]
        contexts = pd.DataFrame(
            {"title": "", "text": questions["context"].to_numpy(object)},
            index=pd.Index(ids.to_numpy(object), name="passage_id"),
        )
        run = pd.DataFrame({"question_id": ids, "passage_id": ids, "rank": 1, "score": 0.0})
        n_best = self._answer(questions, run, contexts, "separate")
        return FoundAnswers(n_best, contexts, pd.Series(index=ids, dtype=float))

    def _answer(
        self,
        questions: pd.DataFrame,
        run: pd.DataFrame,
        passages: pd.DataFrame,
        how: PassageReading,
    ) -> pd.DataFrame:
        answer = self.settings.answer
        plan = plan_reading(questions["question_id"], run, _NO_GOLD, answer.top_k, how)
        rules = SpanRules(answer.span_score, answer.max_answer_tokens, answer.n_best)
        asked = questions.set_index("question_id")["question"]
        tables = self.readers.read(plan, asked, passages["text"], rules)
        with self.lock:
            candidates = collect(passages.reset_index(names="passage_id"), tables)
        choice = Choice(
            retrieval_weight=answer.retrieval_weight or 0.0,
            depth=answer.top_k,
            trimmed=answer.trim_josa,
            n_best=max(answer.n_best, LOOKED_AT),
            is_joined=how == "joined",
        )
        return choose(candidates, run, choice)

    def _calibrate(self, n_best: pd.DataFrame, run: pd.DataFrame) -> pd.Series:
        features = measure_answers(n_best, run, self.settings.answer.top_k)
        if self.calibration is None:
            return pd.Series(np.nan, features.index)
        return pd.Series(self.calibration.probabilities(features), features.index)
