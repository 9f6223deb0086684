"""The windows that a fold's reader learns from, and those that it is judged on."""

import hashlib
import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.encoding.features import ReaderFeatures
from klue_pipeline.odqa.encoding.schema import ORIGINAL
from klue_pipeline.odqa.ingest.schema import TRAIN, VALIDATION
from klue_pipeline.odqa.settings.reader_params import ReaderFoldStrategy
from klue_pipeline.training.splitting.fold_members import validation_row_ids

logger = logging.getLogger(__name__)

LEARNT_PARTS: dict[ReaderFoldStrategy, tuple[str, ...]] = {
    "group": (TRAIN,),
    "holdout": (TRAIN,),
    "validation": (TRAIN,),
    "all": (TRAIN, VALIDATION),
}
"""The parts of the questions that folds learn from, but for those that they hold out."""


@dataclass(frozen=True)
class FoldWindows:
    """The windows of one fold.

    Attributes:
        training: Those that it learns from.
        validation: Those of the questions that it holds out, read in their gold passage; none for
            strategy ``all``.
    """

    training: ReaderFeatures
    validation: ReaderFeatures


def split_windows(
    features: ReaderFeatures,
    examples: pd.DataFrame,
    fold_members: pd.DataFrame,
    fold: int,
    strategy: ReaderFoldStrategy,
) -> FoldWindows:
    """Split windows into a fold's training and validation part.

    An augmented example and one with a hard passage train where their question does, and are
    judged nowhere.

    Args:
        features: All windows.
        examples: Schema ``ReaderExamples``; says which part a question is of.
        fold_members: Columns ``fold`` and ``row_id``, the questions that each fold holds out.
        fold: Number of the fold, counted from 0.
        strategy: Which questions folds learn from.

    Raises:
        ValueError: The fold has nothing to learn from, or nothing to be judged on though its
            strategy holds questions out.
    """
    questions, methods, row_ids = (
        pd.Series(features.table[name].to_pylist(), dtype="str")
        for name in ("question_id", "method", "row_id")
    )
    parts = examples.set_index("row_id")["part"].reindex(row_ids).reset_index(drop=True)
    is_held_out = questions.isin(_held_out(fold_members, fold, strategy))
    learns = parts.isin(LEARNT_PARTS[strategy]) & ~is_held_out
    windows = FoldWindows(
        training=features.select(np.flatnonzero(learns)),
        validation=features.select(np.flatnonzero(is_held_out & (methods == ORIGINAL))),
    )
    _require_windows(windows, fold, strategy)
    return windows


def _held_out(fold_members: pd.DataFrame, fold: int, strategy: ReaderFoldStrategy) -> pd.Series:
    if strategy == "all":
        return pd.Series(dtype="str")
    return validation_row_ids(fold_members, fold)


def _require_windows(windows: FoldWindows, fold: int, strategy: ReaderFoldStrategy) -> None:
    learnt, judged = windows.training, windows.validation
    if not has_answer(learnt).any():
        raise ValueError(
            f"Fold {fold} has {len(learnt)} windows to learn from, and none of them holds an "
            "answer; give more questions with answers, a longer odqa.training.max_tokens, or "
            "other odqa.folds."
        )
    if strategy != "all" and not has_answer(judged).any():
        raise ValueError(
            f"Fold {fold} holds out questions with {len(judged)} windows, and none of them holds "
            "an answer to judge by; run odqa_tokenize again if the questions were changed, or "
            "choose other odqa.folds."
        )


def draw_windows(features: ReaderFeatures, no_answer_share: float, seed: int) -> ReaderFeatures:
    """Leave out some of the windows without an answer.

    Whether one stays depends on nothing but seed, example and window, so that other examples do not
    change it.

    Args:
        features: Windows to learn from.
        no_answer_share: Share of the windows without an answer that stays.
        seed: Draws them.
    """
    stays = has_answer(features)
    n_answered = int(stays.sum())
    ids = features.table.select(["row_id", "window"]).to_pydict()
    for place in np.flatnonzero(~stays):
        stays[place] = _number(seed, ids["row_id"][place], ids["window"][place]) < no_answer_share
    logger.info(
        "%d windows with an answer train, and %d of %d without one",
        n_answered,
        int(stays.sum()) - n_answered,
        len(stays) - n_answered,
    )
    return features.select(np.flatnonzero(stays))


def has_answer(features: ReaderFeatures) -> NDArray[np.bool_]:
    """Tell which windows hold a whole gold span. Shape: (windows,)."""
    found: NDArray[np.bool_] = features.table["has_answer"].to_numpy().copy()
    return found


def _number(seed: int, row_id: str, window: int) -> float:
    """Return a number from 0 up to, but not, 1 that follows from the arguments."""
    digest = hashlib.blake2b(f"{seed} {window} {row_id}".encode(), digest_size=4).digest()
    return int.from_bytes(digest) / 2**32
