"""Tables of search results: what any retriever found becomes rows with ranks."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

Found = tuple[np.ndarray, np.ndarray]
"""Places of passages, best first, and their scores."""


def best_passages(scores: np.ndarray, top_k: int) -> Found:
    """Return the places of the highest scores above 0, and these; equal ones by place.

    Args:
        scores: Of every passage.
        top_k: How many at most; may be more than there are.

    >>> best_passages(np.array([1.0, 3.0, 0.0, 3.0, 2.0]), 3)[0].tolist()
    [1, 3, 4]
    """
    found = np.flatnonzero(scores > 0)
    if len(found) > top_k:
        found = found[scores[found] >= np.partition(scores[found], -top_k)[-top_k]]
    found = found[np.argsort(-scores[found], kind="stable")][:top_k]
    return found, scores[found]


def make_run(
    question_ids: Sequence[str], found: Iterable[Found], passage_ids: Sequence[str]
) -> pd.DataFrame:
    """Write what was found for each question as a run; a question may have no passage.

    Args:
        question_ids: One for each element of ``found``.
        found: Places of passages in ``passage_ids``, best first, and their scores.
        passage_ids: Of all passages.
    """
    pairs = list(found)
    counts = [len(places) for places, _ in pairs]
    places = np.concatenate([places for places, _ in pairs] or [np.empty(0, int)]).astype(int)
    scores = np.concatenate([scores for _, scores in pairs] or [np.empty(0)]).astype(float)
    return pd.DataFrame(
        {
            "question_id": np.repeat(np.asarray(question_ids, object), counts).astype(str),
            "passage_id": np.asarray(passage_ids, object)[places].astype(str),
            "rank": _count_up(np.array(counts, int)),
            "score": scores,
        }
    )


def rank_run(rows: pd.DataFrame, top_k: int | None = None) -> pd.DataFrame:
    """Sort each question's rows by score and number them; equal scores keep their order.

    Args:
        rows: With ``question_id``, ``passage_id`` and ``score``; other columns go.
        top_k: How many rows of a question stay; None keeps all.

    Returns:
        A run with the questions in the order in which they appear.
    """
    question = pd.factorize(rows["question_id"])[0]
    order = np.lexsort((-rows["score"].to_numpy(float), question))
    run = rows[["question_id", "passage_id", "score"]].iloc[order].reset_index(drop=True)
    run.insert(2, "rank", _count_up(np.bincount(question)))
    return run if top_k is None else run[run["rank"] <= top_k].reset_index(drop=True)


def _count_up(counts: np.ndarray) -> np.ndarray:
    """Return 1, 2, … up to each count.

    >>> _count_up(np.array([2, 0, 3])).tolist()
    [1, 2, 1, 2, 3]
    """
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    numbers: np.ndarray = np.arange(1, len(starts) + 1) - starts
    return numbers
