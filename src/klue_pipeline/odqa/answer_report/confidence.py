"""How far the probability of an answer can be believed, and what a threshold on it would bring.

Judged are the answers as they would be given without a threshold, so that every threshold can be
compared.
"""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.calibration import (
    area_under_coverage,
    calibration_error,
    tabulate_confidence,
    trace_coverage,
)
from klue_pipeline.odqa.metrics.answer_judgement import JudgedQuestions
from klue_pipeline.odqa.metrics.answers import CHARACTER_F1, EXACT_MATCH
from klue_pipeline.odqa.metrics.judgement import judge_parts
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams

MEASURES = {"confidence": "calibrated confidence", "probability": "probability among all spans"}
"""Columns of the answers that say how sure they are, and what these are called."""

THRESHOLDS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_MOST_POINTS = 200
"""Of a curve; a figure shows no more."""


def report_confidence(
    answers: pd.DataFrame,
    scores: pd.DataFrame,
    questions: JudgedQuestions,
    params: OdqaEvaluationParams,
) -> dict[str, dict[str, Any]]:
    """Judge the confidence in answers.

    Args:
        answers: Schema ``Answers``, a row for each question in their order.
        scores: How right their texts are, given or not.
        questions: The questions.
        params: Intervals.

    Returns:
        By measure (:data:`MEASURES`; one that is not known of every answer is left out):

        - ``ece``, 0 to 100, and ``reliability``, the rows of its table that are not empty;
        - ``curve``: ``threshold``, ``coverage`` and ``accuracy`` (exact match of the answers given)
          in lists, and ``area`` under it, beside ``best_area``, that of an order in which all right
          answers come first;
        - ``thresholds``: for some of them ``threshold``, ``answers``, ``coverage``,
          ``exact_match`` and ``character_f1`` of the answers that are at least as sure.
    """
    known = {name: _read(answers[name]) for name in MEASURES if answers[name].notna().all()}
    return {
        name: {
            **_calibrate(sure, scores[EXACT_MATCH].to_numpy()),
            "thresholds": _judge_thresholds(sure, scores, questions, params),
        }
        for name, sure in known.items()
    }


def _read(values: pd.Series) -> NDArray[np.float64]:
    # Sums of many probabilities may pass 1 by a hair.
    sure: NDArray[np.float64] = np.clip(values.to_numpy(np.float64), 0, 1)
    return sure


def _calibrate(sure: NDArray[np.float64], right: NDArray[np.float64]) -> dict[str, Any]:
    table, curve = tabulate_confidence(sure, right), trace_coverage(sure, right)
    return {
        "ece": calibration_error(table),
        "reliability": table[table["rows"] > 0].to_dict("records"),
        "curve": _thin(curve)[["threshold", "coverage", "accuracy"]].to_dict("list"),
        "area": area_under_coverage(curve),
        "best_area": area_under_coverage(trace_coverage(right, right)),
    }


def _thin(curve: pd.DataFrame) -> pd.DataFrame:
    places = np.linspace(0, len(curve) - 1, min(len(curve), _MOST_POINTS)).round().astype(int)
    return curve.iloc[places]


def _judge_thresholds(
    sure: NDArray[np.float64],
    scores: pd.DataFrame,
    questions: JudgedQuestions,
    params: OdqaEvaluationParams,
) -> list[dict[str, Any]]:
    given = {threshold: sure >= threshold for threshold in THRESHOLDS}
    given = {threshold: mask for threshold, mask in given.items() if mask.any()}
    if not given:
        return []
    shown = [EXACT_MATCH, CHARACTER_F1]
    judged = judge_parts(scores[shown].to_numpy(), list(given.values()), questions.units, params)
    return [
        {
            "threshold": threshold,
            "answers": int(mask.sum()),
            "coverage": 100 * float(mask.mean()),
            **dict(zip(shown, estimates, strict=True)),
        }
        for (threshold, mask), estimates in zip(given.items(), judged, strict=True)
    ]
