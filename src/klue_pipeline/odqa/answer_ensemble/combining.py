"""Answers of several experiments on disk -> one answer to each test question."""

from dataclasses import dataclass

import pandas as pd

from klue_pipeline.odqa.answer_ensemble.ballots import Floats, collect_ballots
from klue_pipeline.odqa.answer_ensemble.judging import JudgedEnsemble, judge_ensemble
from klue_pipeline.odqa.answer_ensemble.members import Asked, Selection
from klue_pipeline.odqa.answer_ensemble.methods import (
    FITTED,
    METHODS,
    choose_best,
    tabulate_answers,
)
from klue_pipeline.odqa.answer_ensemble.weights import equal_weights
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams
from klue_pipeline.odqa.settings.reader_params import AnswerEnsembleParams


@dataclass(frozen=True, eq=False)
class CombinedAnswers:
    """The answers of an ensemble.

    Attributes:
        selection: Who votes, and who does not.
        judged: How good methods and members are; None where nothing can be told.
        weights: How much each voter counts in the chosen method. Shape: (voters,).
        answers: The answer to each test question: ``question_id``, ``text``, which is empty where
            nobody has one, and ``is_given``.
        n_best: The answers to the test questions, schema ``NBest``.
    """

    selection: Selection
    judged: JudgedEnsemble | None
    weights: Floats
    answers: pd.DataFrame
    n_best: pd.DataFrame


def combine_answers(
    selection: Selection,
    asked: Asked,
    params: AnswerEnsembleParams,
    evaluation: OdqaEvaluationParams,
) -> CombinedAnswers:
    """Judge every method on the judged questions, and answer the test questions by the chosen one.

    Args:
        selection: Who votes.
        asked: The questions.
        params: The method, and how ties are broken.
        evaluation: Draws, seed and confidence.

    Raises:
        ValueError: The method has to be fitted, and there is nothing to fit it on.
    """
    judged = judge_ensemble(selection.judged, asked.judging, params, evaluation)
    weights = equal_weights(len(selection.voters))
    if params.method in FITTED:
        weights = _fitted_weights(params.method, selection, judged)
    ballots = collect_ballots(selection.voters, asked.test)
    keys = METHODS[params.method](ballots, weights, params.ties)
    texts = ballots.texts(choose_best(ballots, keys))
    answers = pd.DataFrame({"question_id": asked.test, "text": texts, "is_given": texts != ""})
    return CombinedAnswers(selection, judged, weights, answers, tabulate_answers(ballots, keys))


def _fitted_weights(method: str, selection: Selection, judged: JudgedEnsemble | None) -> Floats:
    if judged is not None and not selection.unjudged:
        return judged.weights
    reasons = [f"{name}: {reason}" for name, reason in selection.unjudged.items()]
    others = ", ".join(name for name in METHODS if name not in FITTED)
    raise ValueError(
        f"odqa.ensemble.method={method} cannot be fitted: "
        f"{'; '.join(reasons) or 'no validation question has a known answer'}. Choose one of "
        f"{others}, or leave out of odqa.ensemble.members what cannot be judged."
    )
