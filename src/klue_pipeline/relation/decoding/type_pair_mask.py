"""Which labels can stand between entities of two types, counted in the training rows.

The other labels are ruled out by a score of minus infinity. (A small constant in its place, as in
published code after RECENT, keeps probability and can even win; Lyu & Chen 2021, arXiv 2105.08393.)
"""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.logits import require_usable_logits
from klue_pipeline.evaluation.nesting import count_in_training, find_rows
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.text.counts import counted

logger = logging.getLogger(__name__)

Mask = NDArray[np.bool_]


def legal_out_of_fold(
    scores: ScoreTable,
    sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    min_count: int,
) -> Mask:
    """Say which labels are legal for each out-of-fold row.

    A label is legal for a pair of entity types if at least ``min_count`` rows of the training part
    of the row's own fold have both; existence alone would make every annotation error legal. The
    negative label is always legal. A pair none of whose labels has as many rows is too rare to say
    anything, and all labels are legal for it; so they are for a pair that training lacks.

    Args:
        scores: Out-of-fold scores.
        sentences: All rows of the split; schema ``Sentences``.
        fold_members: The rows that each fold holds out: ``fold`` and ``row_id``.
        labels: The label set of the scores.
        min_count: Fewest training rows that make a label legal, at least 1.

    Returns:
        Shape: (scored rows, labels).

    Raises:
        ValueError: ``min_count`` is below 1, the scores have no folds, a label is unknown, or
            scores, rows and folds do not belong together.
    """
    type_pairs, names = pd.factorize(sentences["type_pair"])
    shape = (len(names), len(labels.names))
    cells = type_pairs * shape[1] + _label_ids(sentences, labels)
    in_training = count_in_training(cells, shape[0] * shape[1], sentences["row_id"], fold_members)
    legal = _mark_legal(in_training.counts.reshape(-1, *shape), labels, min_count)
    scored_pairs = type_pairs[find_rows(scores.row_ids, sentences["row_id"])]
    return np.asarray(legal[in_training.places(scores), scored_pairs])


def legal_for_test(
    scores: ScoreTable,
    test_sentences: pd.DataFrame,
    sentences: pd.DataFrame,
    labels: LabelSet,
    min_count: int,
) -> Mask:
    """Say which labels are legal for each test row, counted in all training rows.

    Args:
        scores: Test scores.
        test_sentences: The test rows; schema ``TestSentences``.
        sentences: The training rows; schema ``Sentences``.
        labels: The label set of the scores.
        min_count: As for :func:`legal_out_of_fold`.

    Returns:
        Shape: (scored rows, labels).

    Raises:
        ValueError: ``min_count`` is below 1, a label is unknown, or a scored row is not among the
            test rows.
    """
    type_pairs, names = pd.factorize(sentences["type_pair"])
    # One place more than there are pairs, for those that training lacks (place -1).
    counts = np.zeros((len(names) + 1, len(labels.names)), dtype=np.int64)
    np.add.at(counts, (type_pairs, _label_ids(sentences, labels)), 1)
    legal = _mark_legal(counts, labels, min_count)
    found = test_sentences["type_pair"].iloc[find_rows(scores.row_ids, test_sentences["row_id"])]
    return np.asarray(legal[pd.Index(names).get_indexer(pd.Index(found))])


def mask_illegal(scores: ScoreTable, legal: Mask) -> ScoreTable:
    """Rule out the labels that are not legal, by a score of minus infinity.

    A row in which that would leave no label, because the model itself had ruled out the legal ones,
    keeps its scores; how many there are is logged.

    Args:
        scores: Scores of any rows.
        legal: By one of the functions above. Shape: (rows, labels).

    Raises:
        ValueError: The shapes differ, a score is not a number, or a row has no label left before.
    """
    if legal.shape != scores.logits.shape:
        raise ValueError(f"Found marks of shape {legal.shape} for {scores.logits.shape} scores.")
    require_usable_logits(scores.logits)
    masked = np.where(legal, scores.logits, np.float32(-np.inf))
    is_emptied = ~np.isfinite(masked.max(axis=1))
    masked[is_emptied] = scores.logits[is_emptied]
    if is_emptied.any():
        logger.warning(
            "%d of %d rows are not masked: their model had ruled out every label that their entity "
            "types allow",
            is_emptied.sum(),
            len(scores),
        )
    return replace(scores, logits=masked)


def _label_ids(sentences: pd.DataFrame, labels: LabelSet) -> NDArray[np.int64]:
    found = pd.Index(labels.names).get_indexer(pd.Index(sentences["label"])).astype(np.int64)
    if (found < 0).any():
        raise ValueError(
            f"Found {counted(int((found < 0).sum()), 'training row')} without a label of the label "
            f"set, such as {sentences['label'][found < 0].iloc[0]!r}; run the ingest and "
            "clean pipelines again."
        )
    return found


def _mark_legal(counts: NDArray[np.int64], labels: LabelSet, min_count: int) -> Mask:
    """Mark what occurs often enough. Shape of both: (…, type pairs, labels)."""
    if min_count < 1:
        raise ValueError(f"Found min_count={min_count}; at least 1 was wanted.")
    legal = counts >= min_count
    says_nothing = ~legal.any(axis=-1, keepdims=True)
    legal |= says_nothing
    if labels.negative_id is not None:
        legal[..., labels.negative_id] = True
    return np.asarray(legal)
