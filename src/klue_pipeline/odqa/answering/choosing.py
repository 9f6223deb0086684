"""From spans with scores to the best answers of each question, by one probability over all."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.answering.pooled_spans import PooledSpans, number_runs, pool_spans


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
    # All spans of a place, and all places of an answer, are neighbours.
    shares = np.exp(pooled.log_probabilities(retrieval_weight))
    place, first_span = pooled.number_places()
    of_place = np.bincount(place, shares, len(first_span)).astype(np.float64)
    named = pooled.table[["question", "answer_id"]].iloc[first_span]
    answer, first_place = number_runs(named, ("question", "answer_id"))
    of_answer = np.bincount(answer, of_place, len(first_place)).astype(np.float64)
    shown = _find_highest(place, shares)[_find_highest(answer, of_place)]
    question = pooled.numbers("question")[shown]
    texts = pooled.answers[pooled.numbers("answer_id")[shown]]
    order = _sort_answers(question, of_answer, texts)
    rank = 1 + _count_within(question[order])
    order, rank = order[rank <= n_best], rank[rank <= n_best]
    probability = np.minimum(of_answer[order], 1.0)
    return _as_n_best(pooled, pooled.table.iloc[shown[order]], rank, probability)


def _sort_answers(
    question: NDArray[np.int64], probability: NDArray[np.float64], texts: pd.Index
) -> NDArray[np.int64]:
    """Sort the answers of each question by probability; equally likely ones by their texts."""
    order = np.lexsort((-probability, question))
    is_next = (np.diff(question[order]) == 0) & (np.diff(probability[order]) == 0)
    if not is_next.any():
        return order
    # Few answers are equally likely, and sorting the texts of all takes longer than the rest.
    tied = np.unique(np.concatenate([order[:-1][is_next], order[1:][is_next]]))
    by_text = np.zeros(len(order), dtype=np.int64)
    by_text[tied] = pd.factorize(texts[tied], sort=True)[0]
    return np.lexsort((by_text, -probability, question))


def _find_highest(group: NDArray[np.int64], values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the place of the highest value in each group of neighbours, the first of equal ones.

    >>> _find_highest(np.array([0, 0, 0, 1]), np.array([1.0, 3.0, 3.0, 2.0])).tolist()
    [1, 3]
    """
    if not len(values):
        return group
    highest = np.maximum.reduceat(values, np.flatnonzero(np.diff(group, prepend=-1)))
    places = np.flatnonzero(values == highest[group])
    found: NDArray[np.int64] = places[np.flatnonzero(np.diff(group[places], prepend=-1))]
    return found


def _count_within(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count neighbours of one group from 0.

    >>> _count_within(np.array([4, 4, 7])).tolist()
    [0, 1, 0]
    """
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    lengths = np.diff(starts, append=len(group))
    counted: NDArray[np.int64] = np.arange(len(group)) - np.repeat(starts, lengths)
    return counted


def _as_n_best(
    pooled: PooledSpans,
    answers: pd.DataFrame,
    rank: NDArray[np.int64],
    probability: NDArray[np.float64],
) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "question_id": pooled.question_ids.take(answers["question"].to_numpy(np.int64)),
            "rank": rank,
            "text": answers["shown_text"].array,
            "untrimmed": answers["text"].array,
            "probability": probability,
            "passage_id": answers["passage_id"].array,
            "start_char": answers["shown_start_char"].array,
            "end_char": answers["shown_end_char"].array,
        }
    )
