"""From spans with scores to the best answers of each question, by one probability over all."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.answering.pooled_spans import PooledSpans, number_runs, pool_spans

_PLACE = ("question", "answer", "passage", "shown_start_char", "shown_end_char")


@dataclass(frozen=True)
class Choice:
    """How answers are chosen.

    Attributes:
        retrieval_weight: How much more the score of a span counts in the best passage of a question
            than in the worst one that the run lists.
        depth: How many passages of a question count, best first; None for all that were read.
        trimmed: Whether particles are cut off.
        n_best: How many answers of a question are kept.
        is_joined: Whether to take what was read from all passages as one text, where neither weight
            nor score of retrieval counts.
    """

    retrieval_weight: float = 0.0
    depth: int | None = None
    trimmed: bool = True
    n_best: int = 20
    is_joined: bool = False


def choose(candidates: pd.DataFrame, run: pd.DataFrame, choice: Choice) -> pd.DataFrame:
    """Choose the best answers of each question.

    The probability of a span is exp(score) over the sum of exp(score) of all spans of all passages
    that count, with a bonus for the retrieval score in both. Where several folds read a question,
    their probabilities are averaged. Answers that are equal after normalisation add up, and the
    likeliest of their places is shown. Neither order of rows nor of passages changes anything.

    Args:
        candidates: Schema ``Candidates``.
        run: Schema ``Run``; passages that were read and are not in it do not count.
        choice: How to choose.

    Returns:
        Schema ``NBest``, with the questions in the order of the run. One without a candidate has no
        row.
    """
    pooled = pool_spans(
        candidates,
        run,
        depth=choice.depth,
        trimmed=choice.trimmed,
        is_joined=choice.is_joined,
    )
    return rank_answers(pooled, choice.retrieval_weight, choice.n_best)


def choose_in_gold(
    candidates: pd.DataFrame, gold_passages: pd.DataFrame, choice: Choice
) -> pd.DataFrame:
    """Choose the best answers of each question from its gold passage read alone.

    Args:
        candidates: Schema ``Candidates``.
        gold_passages: Schema ``GoldPassages``; of several, each counts alike.
        choice: How to choose; depth, weight and ``is_joined`` are not read.

    Returns:
        As :func:`choose`.
    """
    pairs = gold_passages[["question_id", "passage_id"]].drop_duplicates()
    alone = replace(choice, retrieval_weight=0.0, depth=None, is_joined=False)
    return choose(candidates, pairs.assign(rank=1, score=0.0), alone)


def rank_answers(
    pooled: PooledSpans, retrieval_weight: float | NDArray[np.float64], n_best: int
) -> pd.DataFrame:
    """Add up the spans of each answer and rank the answers of each question.

    Args:
        pooled: The spans.
        retrieval_weight: As in :class:`Choice`; or one for each question. Shape: (questions,).
        n_best: How many answers of a question stay.

    Returns:
        As :func:`choose`.
    """
    places = _add_up_places(pooled, np.exp(pooled.log_probabilities(retrieval_weight)))
    number, first = number_runs(places, ("question", "answer"))
    probability = np.bincount(number, places["probability"], len(first))
    best = _first_of_each(number, -places["probability"].to_numpy(float))
    answers = places.iloc[best].assign(probability=np.minimum(probability, 1.0))
    # Answers are numbered in the order of their texts, so that equally likely ones stay in it.
    order = np.lexsort((-probability, answers["question"].to_numpy(np.int64)))
    answers = answers.iloc[order]
    answers = answers.assign(rank=1 + _count_within(answers["question"].to_numpy(np.int64)))
    return _as_n_best(answers[answers["rank"] <= n_best], pooled.question_ids)


def _add_up_places(pooled: PooledSpans, shares: NDArray[np.float64]) -> pd.DataFrame:
    """Add up what all folds, and spans that differ by a particle alone, say of each place."""
    spans = pooled.table.assign(answer=pooled.answer, share=shares)
    spans = spans.iloc[np.lexsort([spans[name].to_numpy(np.int64) for name in reversed(_PLACE)])]
    number, first = number_runs(spans, _PLACE)
    probability = np.bincount(number, spans["share"], len(first))
    best = _first_of_each(number, -spans["share"].to_numpy(float))
    return spans.iloc[best].assign(probability=probability)


def _first_of_each(group: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the place of the lowest value in each group of neighbours, the first of equal ones."""
    order = np.lexsort((values, group))
    places: NDArray[np.int64] = order[np.flatnonzero(np.diff(group, prepend=-1))]
    return places


def _count_within(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count neighbours of one group from 0.

    >>> _count_within(np.array([4, 4, 7])).tolist()
    [0, 1, 0]
    """
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    lengths = np.diff(starts, append=len(group))
    counted: NDArray[np.int64] = np.arange(len(group)) - np.repeat(starts, lengths)
    return counted


def _as_n_best(answers: pd.DataFrame, question_ids: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "question_id": question_ids.take(answers["question"].to_numpy(np.int64)),
            "rank": answers["rank"],
            "text": answers["shown_text"],
            "untrimmed": answers["text"],
            "probability": answers["probability"],
            "passage_id": answers["passage_id"],
            "start_char": answers["shown_start_char"],
            "end_char": answers["shown_end_char"],
        }
    ).reset_index(drop=True)
