"""The questions that are judged, with what was answered and read; or why none can be judged."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from klue_pipeline.odqa.answer_report.variants import ReadPassages, Variant, chosen_variant
from klue_pipeline.odqa.ingest.schema import VALIDATION
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.metrics.truth import RetrievalTruth
from klue_pipeline.odqa.retrieval_report.refusal import explain_no_gold
from klue_pipeline.odqa.settings.reader_params import AnswerParams, ReaderFoldsParams

PART = VALIDATION
"""The part whose answers are judged."""


@dataclass(frozen=True, eq=False)
class AnsweredQuestions:
    """What became of the questions that are judged.

    Attributes:
        questions: The questions.
        answers: Schema ``Answers``, a row for each question in their order.
        n_best: Schema ``NBest``, of these questions.
        read: What was read, and may be chosen from otherwise.
        fit: What was fitted for choosing, as ``odqa.answer_fit`` has it.
        params: How the experiment answers.
    """

    questions: JudgedQuestions
    answers: pd.DataFrame
    n_best: pd.DataFrame
    read: ReadPassages
    fit: Mapping[str, Any]
    params: AnswerParams

    @classmethod
    def of(
        cls,
        truth: RetrievalTruth,
        answers: pd.DataFrame,
        n_best: pd.DataFrame,
        read: Mapping[str, pd.DataFrame],
        fit: Mapping[str, Any],
        params: AnswerParams,
    ) -> "AnsweredQuestions":
        """Put together what is about the judged questions.

        Args:
            truth: All questions.
            answers: Schema ``Answers``.
            n_best: Schema ``NBest``.
            read: ``candidates``, ``run`` and ``gold_passages``.
            fit: As ``odqa.answer_fit`` has it.
            params: How the experiment answers.

        Raises:
            ValueError: A judged question has no row among the answers.
        """
        questions = JudgedQuestions.of_part(truth, PART)
        ids = questions.table["question_id"]
        own = answers.set_index("question_id")
        if missing := [name for name in ids if name not in own.index]:
            raise ValueError(
                f"Found no answer to {len(missing)} of {len(ids)} {PART} questions, such as "
                f"{missing[0]}; answer these questions again (pipeline odqa_answer)."
            )
        own = own.loc[ids]
        return cls(
            questions,
            own.reset_index(),
            n_best[n_best["question_id"].isin(ids)],
            ReadPassages.of(questions, **read, weights=own["retrieval_weight"]),
            fit,
            params,
        )

    @property
    def has_weight(self) -> bool:
        """Whether the retrieval score counts beside the logits of a span."""
        return bool((self.read.weights > 0).any())

    @property
    def chosen(self) -> Variant:
        """The way in which the experiment chooses."""
        return chosen_variant(self.params, has_weight=self.has_weight)

    @property
    def chosen_in_gold(self) -> Variant:
        """The same given the gold passage."""
        return Variant(None, self.params.trim_josa)

    @property
    def given_texts(self) -> pd.Series:
        """The answers that were given; an empty text for one that was kept back."""
        return self.answers["text"].where(self.answers["is_given"].astype(bool), "")

    @cached_property
    def gold_spans(self) -> dict[tuple[str, str], list[tuple[int, int]]]:
        """Where the answers stand in gold passages, by question and passage."""
        asked = self.questions.table[["question_id", "answers", "answer_starts"]]
        linked = self.read.gold_passages.merge(asked, on="question_id")
        names = ("question_id", "passage_id", "shift", "answers", "answer_starts")
        rows = zip(*(linked[name].tolist() for name in names), strict=True)
        return {
            (question, passage): [
                (start - shift, start - shift + len(answer))
                for answer, start in zip(answers, starts, strict=True)
            ]
            for question, passage, shift, answers, starts in rows
        }

    @cached_property
    def scores(self) -> pd.DataFrame:
        """How right the answers are that were given; one that was kept back is wrong."""
        return self.questions.score(self.given_texts)

    @cached_property
    def scores_of_all(self) -> pd.DataFrame:
        """How right the answers are, given or not."""
        return self.questions.score(self.answers["text"])


def explain_refusal(questions: JudgedQuestions, folds: ReaderFoldsParams) -> str | None:
    """Say why no answer can be judged; None where they can.

    Args:
        questions: The questions that would be judged.
        folds: What the reader learnt from.
    """
    if folds.strategy == "all":
        return (
            "The reader learnt from the validation questions too (odqa.folds.strategy=all), so "
            "that right answers to them would say nothing about others. An experiment with the "
            "same settings and other folds can be judged."
        )
    if not len(questions):
        return (
            f"No {PART} question has a known answer. odqa.parts says which questions are kept for "
            "validation."
        )
    if not questions.has_gold.any():
        return explain_no_gold(f"{len(questions):,} {PART}", questions.truth)
    return None
