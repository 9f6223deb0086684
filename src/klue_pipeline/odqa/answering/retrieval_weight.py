"""How much the retrieval score of a passage counts beside the score of a span in it.

The weight is the one under which the gold answers of held-out questions are likeliest: their share
in the probability over all spans of all passages is smooth in the weight, which exact match is not.
"""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar

from klue_pipeline.evaluation.intervals import PERCENT
from klue_pipeline.odqa.answering.choosing import rank_answers
from klue_pipeline.odqa.answering.held_out import FEWEST_QUESTIONS, HeldOut, Mask
from klue_pipeline.odqa.answering.pooled_spans import Floats, Integers, PooledSpans, log_sum
from klue_pipeline.odqa.settings.reader_params import AnswerParams

logger = logging.getLogger(__name__)

_STEPS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
"""Looked at first: the likelihood may have several peaks. With the last one, retrieval decides
alone."""
_SHOWN = (0.0, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
_DIGITS = 2


@dataclass(frozen=True, eq=False)
class RetrievalWeights:
    """The weight of the retrieval score.

    Attributes:
        overall: For questions that nothing was fitted on.
        by_part: For held-out questions, by their part.
        facts: How they were found, for JSON.
    """

    overall: float
    by_part: dict[int, float]
    facts: dict[str, Any]

    @classmethod
    def same_for_all(cls, held_out: HeldOut, weight: float, **facts: Any) -> "RetrievalWeights":
        """Take one weight for all questions."""
        return cls(weight, dict.fromkeys(held_out.parts, weight), facts)

    def of(self, question_ids: pd.Index | pd.Series, held_out: HeldOut) -> Floats:
        """Return the weight of each question. Shape: (questions,)."""
        own = pd.Series([self.by_part[part] for part in held_out.part.tolist()],
                        held_out.question_ids, dtype="float64")  # fmt: skip
        return np.asarray(own.reindex(question_ids).fillna(self.overall), dtype=np.float64)


def weigh_retrieval(
    pooled: PooledSpans, held_out: HeldOut, params: AnswerParams
) -> RetrievalWeights:
    """Take the weight that the settings give, or fit one.

    Args:
        pooled: The spans of all questions.
        held_out: What to fit on.
        params: How to answer.
    """
    if params.passages == "joined":
        return RetrievalWeights.same_for_all(held_out, 0.0, how="all passages are one text")
    if params.retrieval_weight is not None:
        return RetrievalWeights.same_for_all(held_out, params.retrieval_weight, how="given")
    return fit_weights(pooled, held_out)


def fit_weights(pooled: PooledSpans, held_out: HeldOut) -> RetrievalWeights:
    """Find the weight under which right answers are likeliest.

    A held-out question gets the weight that was fitted without its part, every other one that of
    all held-out questions. With fewer than :data:`~.held_out.FEWEST_QUESTIONS` that have a right
    span, the weight is 0.

    Args:
        pooled: The spans of all questions.
        held_out: What to fit on.
    """
    gold = _find_gold_spans(pooled, held_out)
    counts = {"held_out_questions": len(held_out), "fitted_questions": len(gold.place)}
    if len(gold.place) < FEWEST_QUESTIONS:
        logger.warning(
            "Found %d held-out questions with a right candidate, and at least %d were wanted to "
            "fit the weight of retrieval: it is 0. odqa.answer.retrieval_weight can give one.",
            len(gold.place), FEWEST_QUESTIONS,
        )  # fmt: skip
        return RetrievalWeights.same_for_all(held_out, 0.0, how="too few questions", **counts)

    def fit(is_used: Mask) -> float:
        return _find_likeliest(gold, is_used[gold.place])

    overall = fit(np.ones(len(held_out), dtype=bool))
    by_part = {part: fit(held_out.outside(part)) for part in held_out.parts}
    logger.info("Fitted the weight of retrieval on %d questions: %s", len(gold.place), overall)
    tried = _try_weights(pooled, held_out, gold, overall)
    facts = {"how": "fitted", **counts, "by_part": list(by_part.values()), "tried": tried}
    return RetrievalWeights(overall, by_part, facts)


@dataclass(frozen=True, eq=False)
class _GoldSpans:
    """The spans that are right.

    Attributes:
        spans: Of questions with a right span.
        group: Number of the question of each span, among those. Shape: (right spans,).
        place: Place of each such question in the held-out ones. Shape: (questions with one,).
    """

    spans: PooledSpans
    group: Integers
    place: Integers

    def log_likelihood(self, weight: float) -> Floats:
        """Return the logarithm of what right spans of each question add up to."""
        return log_sum(self.spans.log_probabilities(weight), self.group)


def _find_gold_spans(pooled: PooledSpans, held_out: HeldOut) -> _GoldSpans:
    place = np.repeat(np.arange(len(held_out)), [len(golds) for golds in held_out.golds])
    question = pooled.question_ids.get_indexer(held_out.question_ids)[place]
    answer = pooled.answers.get_indexer(pd.Index([x for golds in held_out.golds for x in golds]))
    is_there = (question >= 0) & (answer >= 0)
    pairs = (question * len(pooled.answers) + answer)[is_there]
    own = pooled.numbers("question") * len(pooled.answers) + pooled.numbers("answer_id")
    spans = pooled.keep(np.isin(own, pairs))
    numbers, group = np.unique(spans.numbers("question"), return_inverse=True)
    places = held_out.question_ids.get_indexer(pooled.question_ids[numbers])
    return _GoldSpans(spans, group.astype(np.int64), places.astype(np.int64))


def _find_likeliest(gold: _GoldSpans, is_used: Mask) -> float:
    def loss(weight: float) -> float:
        return -float(gold.log_likelihood(weight)[is_used].sum())

    losses = [loss(weight) for weight in _STEPS]
    best = int(np.argmin(losses))
    ends = _STEPS[max(best - 1, 0)], _STEPS[min(best + 1, len(_STEPS) - 1)]
    found = minimize_scalar(loss, bounds=ends, method="bounded", options={"xatol": 1e-3})
    return round(float(found.x), _DIGITS) if found.fun < losses[best] else _STEPS[best]


def _try_weights(
    pooled: PooledSpans, held_out: HeldOut, gold: _GoldSpans, fitted: float
) -> list[dict[str, float]]:
    """Say what some weights would bring on the same questions, the fitted one among them."""
    spans = pooled.of_questions(held_out.question_ids)
    return [
        {
            "retrieval_weight": weight,
            "exact_match": PERCENT * float(held_out.are_right(_best_texts(spans, weight)).mean()),
            "log_likelihood": float(gold.log_likelihood(weight).mean()),
        }
        for weight in sorted({*_SHOWN, fitted})
    ]


def _best_texts(spans: PooledSpans, weight: float) -> pd.Series:
    return rank_answers(spans, weight, n_best=1).set_index("question_id")["text"]
