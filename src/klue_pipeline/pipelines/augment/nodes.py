"""Nodes of the augment pipeline: cleaned sentences -> all rows that training may use."""

from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.augmentation.driver import augment_rows
from klue_pipeline.relation.augmentation.rows.context import Resources
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.runs.dataset_names import earlier_experiments


def augment_sentences(  # noqa: PLR0913 (one argument per input of the node)
    *,
    clean_sentences: pd.DataFrame,
    fold_members: pd.DataFrame,
    labels: LabelSet,
    augment: AugmentParams,
    synonyms: pd.DataFrame | None,
    translations: pd.DataFrame | None,
    translation_cache: Path | None,
    **earlier: ScoreTable,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Put augmented rows beside the originals, each with its origin, method and weight.

    Args:
        clean_sentences: Originals; schema ``Sentences``.
        fold_members: Validation rows of every fold, so that none of them gets into training.
        labels: The task's labels.
        augment: Which methods to use; with none, the originals pass through.
        synonyms: The user's table for ``eda``, or None.
        translations: The user's table for ``back_translation``, or None.
        translation_cache: Folder in which translations stay between runs.
        earlier: Out-of-fold scores of the experiments whose mistakes are augmented.

    Returns:
        Originals first, in order, columns of ``training_sentences``; and the counts.
    """
    experiments = earlier_experiments(earlier)
    resources = Resources(
        synonyms=synonyms,
        translations=translations,
        cache_folder=translation_cache,
        earlier={experiments[dataset]: scores for dataset, scores in earlier.items()},
    )
    return augment_rows(clean_sentences, fold_members, labels, augment, resources)
