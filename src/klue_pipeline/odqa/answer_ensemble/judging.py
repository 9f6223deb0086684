"""How good every method and every member is on the judged questions.

A method that fits nothing is judged as it is; fitted weights by questions that they were not fitted
on: those of other groups of passages. Only validation questions are fitted on: of training
questions a retriever may know the passage by heart, and a member that has such a one would weigh
too much.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.intervals import PERCENT, Judgement, best_first
from klue_pipeline.odqa.answer_ensemble.ballots import Ballots, Floats, collect_ballots
from klue_pipeline.odqa.answer_ensemble.methods import FITTED, METHODS, choose_best
from klue_pipeline.odqa.answer_ensemble.weights import WeightGrid, equal_weights
from klue_pipeline.odqa.metrics.answer_judgement import (
    Comparison,
    JudgedQuestions,
    compare_answers,
    judge_answers,
)
from klue_pipeline.odqa.metrics.answers import EXACT_MATCH, score_answers
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.odqa.settings.reader_params import AnswerEnsembleMethod, AnswerEnsembleParams

_BEST = "best member"
"""Under which the best member is judged beside the methods."""


@dataclass(frozen=True, eq=False)
class JudgedEnsemble:
    """What can be told of members and methods, all on the same draws of the same questions.

    Attributes:
        n_questions: How many questions.
        members: How good each member is alone.
        methods: How good each method is, judged nested.
        best_member: The best member by the score that decides.
        over_best: Each method against the best member.
        weights: Those that are fitted on all questions. Shape: (members,).
        oracle: Share of the questions that at least one member answers exactly, 0 to 100.
    """

    n_questions: int
    members: dict[str, Judgement]
    methods: dict[AnswerEnsembleMethod, Judgement]
    best_member: str
    over_best: dict[AnswerEnsembleMethod, Comparison]
    weights: Floats
    oracle: float


def judge_ensemble(
    members: Mapping[str, pd.DataFrame],
    questions: JudgedQuestions,
    params: AnswerEnsembleParams,
    evaluation: OdqaEvaluationParams,
) -> JudgedEnsemble | None:
    """Judge members and methods.

    Args:
        members: The answers of each member that can be judged, schema ``NBest``.
        questions: The judged questions.
        params: How ties are broken, and what weights are fitted to.
        evaluation: Draws, seed and confidence.

    Returns:
        None without members or questions.
    """
    if not members or not len(questions):
        return None
    ballots = collect_ballots(members, questions.table["question_id"].tolist())
    grid = WeightGrid.of(ballots, _score_candidates(ballots, questions, params))
    alone = {name: questions.score(questions.find_texts(own)) for name, own in members.items()}
    judged = judge_answers(alone, questions, evaluation)
    best = best_first({name: own.scores[params.select_by] for name, own in judged.items()})[0]
    answered = _answer(ballots, grid, questions.units, params)
    compared: dict[str, pd.DataFrame] = {
        name: questions.score(ballots.texts(own)) for name, own in answered.items()
    }
    compared[_BEST] = alone[best]
    methods = judge_answers(compared, questions, evaluation)
    return JudgedEnsemble(
        n_questions=len(questions),
        members=judged,
        methods={name: methods[name] for name in METHODS},
        best_member=best,
        over_best={name: compare_answers((name, _BEST), compared, methods) for name in METHODS},
        weights=grid.points[grid.fit(np.ones(len(questions), dtype=np.bool_))],
        oracle=PERCENT * float(pd.DataFrame({name: own[EXACT_MATCH] for name, own in alone.items()})
                               .max(axis=1).mean()),
    )  # fmt: skip


def _score_candidates(
    ballots: Ballots, questions: JudgedQuestions, params: AnswerEnsembleParams
) -> Floats:
    """Return how right each candidate is, and last that no answer is wrong."""
    golds = questions.table["answers"].to_numpy(object)[ballots.question]
    scores = score_answers(ballots.shown["text"].tolist(), golds.tolist())[params.select_by]
    return np.append(scores.to_numpy(np.float64), 0.0)


def _answer(
    ballots: Ballots, grid: WeightGrid, units: NDArray[np.int64], params: AnswerEnsembleParams
) -> dict[AnswerEnsembleMethod, NDArray[np.int64]]:
    """Answer the judged questions by every method, fitted ones nested."""
    equal = equal_weights(len(ballots.members))
    return {
        name: grid.nest(units)
        if name in FITTED
        else choose_best(ballots, method(ballots, equal, params.ties))
        for name, method in METHODS.items()
    }
