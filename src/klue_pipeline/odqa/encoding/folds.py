"""Which questions each fold holds out of what its reader learns from."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.ingest.schema import TRAIN, VALIDATION
from klue_pipeline.odqa.passages.parts import connected_questions, draw_units
from klue_pipeline.odqa.settings.reader_params import ReaderFoldsParams, ReaderFoldStrategy
from klue_pipeline.training.params import FoldsParams
from klue_pipeline.training.splitting.fold_members import tabulate_members
from klue_pipeline.training.splitting.folds import Positions, RowsToSplit, split_rows


def assign_folds(
    examples: pd.DataFrame, gold: pd.DataFrame, groups: pd.DataFrame, params: ReaderFoldsParams
) -> pd.DataFrame:
    """Draw the questions that each fold holds out.

    Questions that hang together by a context, or by passages of one group, are held out together.

    Args:
        examples: Questions of all parts; schema ``Questions``.
        gold: Which passages hold their answers; schema ``GoldPassages``.
        groups: Which passages are near duplicates; schema ``PassageGroups``.
        params: How to split.

    Returns:
        ``fold`` and ``row_id``, the id of a question; none for strategy ``all``.

    Raises:
        ValueError: There are too few questions, or they hang together too much.
    """
    units = connected_questions(examples, gold, groups)
    parts = STRATEGIES[params.strategy](examples["part"].to_numpy(), units, params)
    return tabulate_members(examples["question_id"], parts)


def _split_by_group(
    part: NDArray[np.object_], units: NDArray[np.int64], params: ReaderFoldsParams
) -> list[Positions]:
    training = np.flatnonzero(part == TRAIN)
    alike = np.full(len(training), "", dtype=object)
    settings = FoldsParams(
        strategy="stratified_group",
        n_splits=params.n_splits,
        seed=params.seed,
        validation_share=params.validation_share,
    )
    return [training[drawn] for drawn in split_rows(RowsToSplit(alike, units[training]), settings)]


def _hold_out_share(
    part: NDArray[np.object_], units: NDArray[np.int64], params: ReaderFoldsParams
) -> list[Positions]:
    training = np.flatnonzero(part == TRAIN)
    return [training[draw_units(units[training], params.validation_share, params.seed)]]


def _hold_out_validation(
    part: NDArray[np.object_],
    units: NDArray[np.int64],  # noqa: ARG001
    params: ReaderFoldsParams,  # noqa: ARG001
) -> list[Positions]:
    held_out = np.flatnonzero(part == VALIDATION)
    if not len(held_out):
        raise ValueError(
            "folds.strategy=validation holds out the validation questions, and there are none; "
            "choose odqa.folds.strategy=holdout, or see odqa.parts.validation."
        )
    return [held_out]


def _hold_out_nothing(
    part: NDArray[np.object_],  # noqa: ARG001
    units: NDArray[np.int64],  # noqa: ARG001
    params: ReaderFoldsParams,  # noqa: ARG001
) -> list[Positions]:
    return [np.empty(0, dtype=np.int64)]


Split = Callable[[NDArray[np.object_], NDArray[np.int64], ReaderFoldsParams], list[Positions]]
STRATEGIES: dict[ReaderFoldStrategy, Split] = {
    "group": _split_by_group,
    "holdout": _hold_out_share,
    "validation": _hold_out_validation,
    "all": _hold_out_nothing,
}
"""How the held-out questions are chosen, by the part and the connected unit of each question."""
