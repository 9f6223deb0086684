"""Which scored rows have an entity pair that their model had met in training.

A model may have learned what it says of such a pair by heart. How much of a split is seen in this
way is up to ``leakage``.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.nesting import count_in_training, find_rows
from klue_pipeline.relation.scores import ScoreTable

Mask = NDArray[np.bool_]


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
    own = pairs[find_rows(scores.row_ids, sentences["row_id"])]
    return np.asarray(in_training.counts[in_training.places(scores), own] > 0)
