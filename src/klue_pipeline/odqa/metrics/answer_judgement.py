"""Scores of answers with intervals, and paired comparisons, all on the same draws.

As in :mod:`~klue_pipeline.odqa.metrics.judgement`, questions about one group of passages are drawn
together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import Judgement
from klue_pipeline.evaluation.significance import mcnemar
from klue_pipeline.odqa.metrics.answers import ANSWER_METRICS, EXACT_MATCH, score_answers
from klue_pipeline.odqa.metrics.judgement import judge_outcomes
from klue_pipeline.odqa.metrics.truth import Mask, RetrievalTruth
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

Comparison = dict[str, Any]


@dataclass(frozen=True, eq=False)
class JudgedQuestions:
    """The questions whose answers are judged.

    Attributes:
        truth: All questions that are known something of.
        places: Which of them are judged, by their numbers there. Shape: (questions,).
    """

    truth: RetrievalTruth
    places: NDArray[np.int64]

    @classmethod
    def of_part(cls, truth: RetrievalTruth, part: str) -> "JudgedQuestions":
        """Take the questions of a part that have a gold answer."""
        questions = truth.questions
        has_answer = (questions["answers"].map(len) > 0).to_numpy(bool)
        return cls(truth, np.flatnonzero(has_answer & (questions["part"] == part).to_numpy(bool)))

    def __len__(self) -> int:
        """Return the number of questions."""
        return len(self.places)

    @cached_property
    def table(self) -> pd.DataFrame:
        """Their rows of ``Questions``."""
        return self.truth.questions.iloc[self.places].reset_index(drop=True)

    @property
    def units(self) -> NDArray[np.int64]:
        """What is drawn together. Shape: (questions,)."""
        return self.truth.units[self.places]

    @property
    def has_gold(self) -> Mask:
        """Which have a gold passage that is known. Shape: (questions,)."""
        return self.truth.has_gold[self.places]

    def with_gold(self) -> "JudgedQuestions":
        """Take those with a gold passage."""
        return JudgedQuestions(self.truth, self.places[self.has_gold])

    def find_texts(self, answers: pd.DataFrame) -> pd.Series:
        """Return the best answer of each question; an empty text where there is none.

        Args:
            answers: One row at most for a question, with ``question_id`` and ``text``, or schema
                ``NBest``, of which the first rank counts.
        """
        best = answers[answers["rank"] == 1] if "rank" in answers else answers
        by_id = best.set_index("question_id")["text"]
        return by_id.reindex(self.table["question_id"]).fillna("").astype(object)

    def score(self, texts: pd.Series) -> pd.DataFrame:
        """Score one answer for each question, in their order.

        Returns:
            As :func:`~klue_pipeline.odqa.metrics.answers.score_answers`.
        """
        return score_answers(texts.tolist(), self.table["answers"].tolist())


def judge_answers(
    outcomes: Mapping[str, pd.DataFrame],
    questions: JudgedQuestions,
    params: OdqaEvaluationParams,
) -> dict[str, Judgement]:
    """Judge several ways to answer the same questions.

    Args:
        outcomes: By name what :meth:`JudgedQuestions.score` returns.
        questions: The questions.
        params: Draws, seed and confidence.

    Returns:
        A judgement by name, with the scores of ``ANSWER_METRICS``; none at all without questions.
    """
    columns = {name: own[list(ANSWER_METRICS)].to_numpy() for name, own in outcomes.items()}
    return judge_outcomes(columns, questions.units, ANSWER_METRICS, params)


def compare_answers(
    names: tuple[str, str],
    outcomes: Mapping[str, pd.DataFrame],
    judged: Mapping[str, Judgement],
) -> Comparison:
    """Compare two ways to answer the same questions.

    Args:
        names: What is compared, and with what.
        outcomes: As in :func:`judge_answers`.
        judged: What that returned.

    Returns:
        By score ``difference`` (by how much the first is higher) with ``low`` and ``high``, and
        ``chance_to_beat``; and ``mcnemar`` on exact match, which takes every question as a piece of
        evidence of its own: ``first_only`` and ``second_only`` right, and ``p_value``.
    """
    first, second = (judged[name] for name in names)
    test = mcnemar(*(outcomes[name][EXACT_MATCH] > 0 for name in names))
    return {
        **{score: _subtract(first, second, score) for score in ANSWER_METRICS},
        "mcnemar": {
            "first_only": test.first_only,
            "second_only": test.second_only,
            "p_value": test.p_value,
        },
    }


def _subtract(first: Judgement, second: Judgement, score: str) -> dict[str, float]:
    interval = first.minus(second, score)
    return {
        "difference": interval.difference,
        "low": interval.low,
        "high": interval.high,
        "chance_to_beat": first.chance_to_beat(second, score),
    }
