"""Nodes of the augment pipeline: cleaned sentences -> all rows that training may use."""

import pandas as pd

from klue_pipeline.relation.augmentation import augment_rows
from klue_pipeline.relation.params import AugmentParams


def augment_sentences(
    clean_sentences: pd.DataFrame, fold_members: pd.DataFrame, augment: AugmentParams
) -> pd.DataFrame:
    """Put augmented rows beside the originals, each with its origin, method and weight.

    Args:
        clean_sentences: Originals; schema ``sentences``.
        fold_members: Columns ``fold`` and ``row_id``, so that no method mixes rows across folds.
        augment: Which methods to use; with none, the originals pass through.

    Returns:
        Originals first, in order; columns of ``training_sentences``.
    """
    return augment_rows(clean_sentences, fold_members, augment)
