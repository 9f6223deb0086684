"""What a reader should know about a split before trusting scores made on it."""

import logging
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.splits.leakage import measure_leakage
from klue_pipeline.training.params import FoldsParams
from klue_pipeline.training.splitting.fold_members import (
    label_distance,
    labels_missing_from_training,
)
from klue_pipeline.training.splitting.folds import Positions

logger = logging.getLogger(__name__)


def report_folds(
    sentences: pd.DataFrame, validation_parts: list[Positions], folds: FoldsParams
) -> dict[str, Any]:
    """Describe size, leakage and balance of every fold, and log a line for each.

    Args:
        sentences: The rows that were split; schema ``sentences``.
        validation_parts: The validation rows of each fold.
        folds: The settings they were drawn with.

    Returns:
        A dictionary for JSON: the settings, ``rows``, the overall ``leak_rate`` (share of all
        validation rows, of all folds together) and a list ``folds``. Shares are from 0 to 1.
    """
    described = [
        _describe_fold(sentences, fold, part) for fold, part in enumerate(validation_parts)
    ]
    leak_rate = np.average(
        [fold["leak_rate"] for fold in described],
        weights=[fold["validation_rows"] for fold in described],
    )
    report = {
        "strategy": folds.strategy,
        "n_splits": folds.n_splits,
        "seed": folds.seed,
        "rows": len(sentences),
        "leak_rate": float(leak_rate),
        "folds": described,
    }
    _log_report(report)
    return report


def _describe_fold(sentences: pd.DataFrame, fold: int, part: Positions) -> dict[str, Any]:
    labels: NDArray[np.object_] = sentences["label"].to_numpy(dtype=object)
    is_validation = np.zeros(len(sentences), dtype=bool)
    is_validation[part] = True
    return {
        "fold": fold,
        "training_rows": len(sentences) - len(part),
        "validation_rows": len(part),
        **measure_leakage(sentences, is_validation),
        "label_distance": label_distance(labels, is_validation),
        "labels_missing_from_training": labels_missing_from_training(labels, is_validation),
    }


def _log_report(report: dict[str, Any]) -> None:
    for fold in report["folds"]:
        logger.info(
            "Fold %d: %d training rows, %d validation rows, %.1f%% of these leak "
            "(pair %.1f%%, sentence %.1f%%), label mix off by %.2f%%",
            fold["fold"],
            fold["training_rows"],
            fold["validation_rows"],
            100 * fold["leak_rate"],
            100 * fold["shared_pair_share"],
            100 * fold["shared_sentence_share"],
            100 * fold["label_distance"],
        )
        if missing := fold["labels_missing_from_training"]:
            logger.warning("Fold %d has no training rows of %s", fold["fold"], ", ".join(missing))
    logger.info(
        "Split %s (folds: %d, seed: %d): leak rate %.1f%%",
        report["strategy"],
        report["n_splits"],
        report["seed"],
        100 * report["leak_rate"],
    )
