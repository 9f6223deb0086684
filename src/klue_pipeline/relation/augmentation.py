"""Training rows beyond the originals, each knowing the row it was made from."""

from collections.abc import Callable

import pandas as pd

from klue_pipeline.relation.params import AugmentParams

ORIGINAL = "original"

Augmenter = Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
AUGMENTERS: dict[str, Augmenter] = {}
"""Methods by name: (originals, fold members) -> new rows with the columns of ``training_sentences``
and row ids of their own. A row made from two originals may do so only within one fold's side."""


def augment_rows(
    sentences: pd.DataFrame, fold_members: pd.DataFrame, augment: AugmentParams
) -> pd.DataFrame:
    """Return the originals, then the rows that each named method adds.

    Args:
        sentences: Cleaned rows; schema ``sentences``.
        fold_members: Columns ``fold`` and ``row_id``; methods that mix rows must respect it.
        augment: The methods to use.

    Returns:
        The columns of ``sentences`` plus ``origin_id`` (the row it was made from, its own id for
        an original), ``method`` and ``weight`` (of the row in the training loss, above 0).
    """
    originals = mark_originals(sentences)
    added = [AUGMENTERS[name](originals, fold_members) for name in augment.methods]
    return pd.concat([originals, *added], ignore_index=True)


def mark_originals(sentences: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with themselves as origin and full weight."""
    return sentences.assign(origin_id=sentences["row_id"], method=ORIGINAL, weight=1.0)
