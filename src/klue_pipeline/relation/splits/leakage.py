"""How much of a validation part the training part has already shown.

A random split of KLUE-RE leaks: with a fifth of the 32,470 training rows held out, three in five
of these have their entity pair in the rest and two in three their pair or their sentence, so that
validation scores flatter the model.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.evaluation.nesting import count_in_training, find_rows
from klue_pipeline.evaluation.scores import ScoreTable

Mask = NDArray[np.bool_]


def seen_in_training(values: pd.Series, is_validation: Mask) -> Mask:
    """Say of each validation row whether a training row has the same value.

    Args:
        values: One value per row.
        is_validation: True for validation rows. Shape: (rows,).

    Returns:
        Shape: (validation rows,).
    """
    codes, uniques = pd.factorize(values, use_na_sentinel=False)
    n_in_training = np.bincount(codes[~is_validation], minlength=len(uniques))
    return np.asarray(n_in_training[codes[is_validation]] > 0)


def measure_leakage(sentences: pd.DataFrame, is_validation: Mask) -> dict[str, float]:
    """Measure which shares of the validation rows occur, in part, in the training part.

    Args:
        sentences: The rows; schema ``sentences``.
        is_validation: True for validation rows, at least one. Shape: (rows,).

    Returns:
        Shares from 0 to 1: ``shared_pair_share`` (the entity pair, in either order, is in the
        training part), ``shared_sentence_share`` (the sentence is) and ``leak_rate`` (either is).
    """
    pair_seen = seen_in_training(sentences["pair_key"], is_validation)
    sentence_seen = seen_in_training(sentences["sentence"], is_validation)
    return {
        "shared_pair_share": float(pair_seen.mean()),
        "shared_sentence_share": float(sentence_seen.mean()),
        "leak_rate": float((pair_seen | sentence_seen).mean()),
    }


def pair_is_seen(scores: ScoreTable, sentences: pd.DataFrame, fold_members: pd.DataFrame) -> Mask:
    """Say of each out-of-fold row whether its fold's training part has the same entity pair.

    Args:
        scores: Out-of-fold scores.
        sentences: All rows of the split; schema ``Sentences``.
        fold_members: The rows that each fold holds out: ``fold`` and ``row_id``.

    Returns:
        Shape: (scored rows,).

    Raises:
        ValueError: The scores have no folds, or scores, rows and folds do not belong together.
    """
    pairs, keys = pd.factorize(sentences["pair_key"])
    in_training = count_in_training(pairs, len(keys), sentences["row_id"], fold_members)
    scored_pairs = pairs[find_rows(scores.row_ids, sentences["row_id"])]
    return np.asarray(in_training.counts[in_training.places(scores), scored_pairs] > 0)
