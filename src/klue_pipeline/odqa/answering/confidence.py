"""How likely an answer is right, learnt from the answers to held-out questions.

The probability that a reader gives an answer is a share among spans, most of which nobody would
take for an answer; and a reader is sure of a wrong passage, too. A logistic regression on it, on
its distance to the second answer and on the scores of retrieval says how often such answers were
right.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from klue_pipeline.evaluation.calibration import calibration_error, tabulate_confidence
from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.answering.held_out import FEWEST_QUESTIONS, HeldOut, Mask
from klue_pipeline.odqa.answering.listed_passages import ListedPassages, relative_scores

_LEAST = 1e-6
"""Probabilities are told apart down to this, so that no feature is infinite."""

_EVENTS_PER_FEATURE = 10
"""Answers of the rarer kind, right or wrong, that there must be for each feature (Peduzzi et al.
1996, J. Clin. Epidemiol.); with fewer, the answer's probability is looked at alone (Platt 1999)."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibration:
    """The regression: the log-odds of being right are linear in the features.

    Attributes:
        intercept: Log-odds where all features are 0.
        coefficients: By the name of the feature.
    """

    intercept: float
    coefficients: Mapping[str, float]

    def probabilities(self, features: pd.DataFrame) -> Floats:
        """Return how likely answers are right.

        Args:
            features: As :func:`measure_answers` returns them.
        """
        weights = pd.Series(self.coefficients)
        return np.asarray(expit(features[weights.index].to_numpy(float) @ weights + self.intercept))


def measure_answers(n_best: pd.DataFrame, run: pd.DataFrame, depth: int) -> pd.DataFrame:
    """Return what is known of the best answer of each question, before anybody knows the right one.

    Args:
        n_best: Schema ``NBest``, with two answers of a question at least if there are two.
        run: Schema ``Run``.
        depth: How many passages of a question were read.

    Returns:
        By ``question_id``:

        - ``log_odds``: of the answer's probability;
        - ``margin``: logarithm of how many times as likely as the second answer it is;
        - ``retrieval``: relative score of its passage, -1 to 0;
        - ``retrieval_margin``: by how much the best passage's score is above the second's, as a
          share of the width of all; 1 where there is one passage alone;
        - ``passages``: how many were read.
    """
    best = n_best[n_best["rank"] == 1].set_index("question_id")
    second = n_best[n_best["rank"] == 2].set_index("question_id")["probability"]  # noqa: PLR2004
    probability = best["probability"].clip(_LEAST, 1 - _LEAST)
    listed = ListedPassages.of(run)
    rows = listed.find(best.index.to_series(), best["passage_id"])
    scores = run[["question_id"]].assign(below=-relative_scores(run))
    runner_up = scores[run["rank"] == 2].set_index("question_id")["below"]  # noqa: PLR2004
    n_read = scores[run["rank"] <= depth].groupby("question_id").size()
    return pd.DataFrame(
        {
            "log_odds": logit(probability),
            "margin": np.log(probability / second.reindex(best.index).fillna(0).clip(_LEAST)),
            "retrieval": listed.retrieval[rows],
            "retrieval_margin": runner_up.reindex(best.index).fillna(1.0),
            "passages": n_read.reindex(best.index).astype(float),
        },
        index=best.index,
    )


@dataclass(frozen=True, eq=False)
class MeasuredAnswers:
    """The best answers of some questions.

    Attributes:
        features: As :func:`measure_answers` returns them.
        texts: The answers, by ``question_id``.
    """

    features: pd.DataFrame
    texts: pd.Series

    @classmethod
    def of(cls, n_best: pd.DataFrame, run: pd.DataFrame, depth: int) -> "MeasuredAnswers":
        """Take the answers of rank 1; arguments are those of :func:`measure_answers`."""
        texts = n_best[n_best["rank"] == 1].set_index("question_id")["text"]
        return cls(measure_answers(n_best, run, depth), texts)

    def learn(self, held_out: HeldOut, may_learn: Mask) -> Calibration | None:
        """Fit the regression on some held-out questions.

        Args:
            held_out: The held-out questions.
            may_learn: Which of them to fit on. Shape: (held-out questions,).

        Returns:
            None if fewer than :data:`~.held_out.FEWEST_QUESTIONS` of them have an answer, or if all
            or none are right.
        """
        features = self.features.reindex(held_out.question_ids)
        is_used = may_learn & features.notna().all(axis=1).to_numpy(bool)
        return _fit(features[is_used], held_out.are_right(self.texts)[is_used])


def calibrate(
    given: MeasuredAnswers,
    held_out: HeldOut,
    overall: MeasuredAnswers,
    by_part: Mapping[int, MeasuredAnswers],
) -> tuple[pd.Series, dict[str, Any] | None]:
    """Say of every answer how likely it is right.

    For a held-out question that is said by what was learnt from the other parts, for any other by
    what was learnt from all of them.

    Args:
        given: All answers.
        held_out: The questions to learn from.
        overall: The answers to these that are learnt from for others.
        by_part: For each part the answers that were chosen without knowing anything of it.

    Returns:
        The probability by ``question_id``, and a dictionary for JSON: the regression, and how good
        it is, judged on the parts that it was not fitted on. Missing values and None where nothing
        can be learnt.
    """
    calibration = overall.learn(held_out, np.ones(len(held_out), dtype=bool))
    others = {part: by_part[part].learn(held_out, held_out.outside(part)) for part in by_part}
    if calibration is None or None in others.values():
        return pd.Series(np.nan, given.features.index), None
    confidence = pd.Series(calibration.probabilities(given.features), given.features.index)
    place = held_out.question_ids.get_indexer(confidence.index)
    for part, other in others.items():
        is_own = (place >= 0) & (held_out.part[place] == part)
        if other is not None:
            confidence[is_own] = other.probabilities(given.features[is_own])
    is_known = place >= 0
    is_right = held_out.are_right(given.texts)[place[is_known]]
    return confidence, {
        **asdict(calibration),
        "questions": len(is_right),
        "exact_match": PERCENT * float(is_right.mean()),
        "confidence": _judge(confidence[is_known], is_right),
        "probability": _judge(expit(given.features.loc[is_known, "log_odds"]), is_right),
    }


def _judge(confidence: pd.Series, is_right: Mask) -> dict[str, float]:
    from sklearn.metrics import roc_auc_score

    return {
        "mean": PERCENT * float(confidence.mean()),
        "expected_calibration_error": calibration_error(tabulate_confidence(confidence, is_right)),
        "auroc": float(roc_auc_score(is_right, confidence)),
    }


def _fit(features: pd.DataFrame, is_right: Mask) -> Calibration | None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rarer = min(int(is_right.sum()), int((~is_right).sum()))
    if len(features) < FEWEST_QUESTIONS or not rarer:
        return None
    used = features if rarer >= _EVENTS_PER_FEATURE * features.shape[1] else features[["log_odds"]]
    scaler, regression = StandardScaler(), LogisticRegression()
    make_pipeline(scaler, regression).fit(used.to_numpy(float), is_right)
    weights = regression.coef_[0] / scaler.scale_
    intercept = float(regression.intercept_[0] - weights @ scaler.mean_)
    return Calibration(intercept, dict(zip(used.columns, weights.tolist(), strict=True)))
