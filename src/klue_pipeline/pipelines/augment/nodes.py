"""Nodes of the augment pipeline: cleaned sentences -> all rows that training may use."""

from pathlib import Path
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.pipelines.ingest.nodes import read_unlabelled
from klue_pipeline.relation.augmentation.driver import augment_rows
from klue_pipeline.relation.augmentation.rows.context import Resources
from klue_pipeline.relation.cleaning.unlabelled_rows import clean_unlabelled_rows
from klue_pipeline.relation.ingest.parsing import RawFile
from klue_pipeline.relation.ingest.unlabelled_rows import no_unlabelled_rows
from klue_pipeline.relation.settings.augment_params import AugmentParams
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.relation.settings.params import IngestParams
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


def add_unlabelled_rows(
    raw_unlabelled: RawFile | None,
    sentences: pd.DataFrame,
    labels: LabelSet,
    ingest: IngestParams,
    clean: CleanParams,
) -> pd.DataFrame:
    """Read the rows without labels that a student learns its teacher's scores of.

    They belong to no fold: every fold trains on them, and none is judged on them.

    Args:
        raw_unlabelled: The user's file, or None.
        sentences: Labelled rows; a row with the sentence of one of them is left out.
        labels: The task's labels.
        ingest: Format and columns of the file.
        clean: Rules, of which those are applied that change test rows.

    Returns:
        Rows of schema ``TestSentences``; none where there is no file.
    """
    if raw_unlabelled is None:
        return no_unlabelled_rows()
    rows = read_unlabelled(raw_unlabelled, ingest)
    return clean_unlabelled_rows(rows, sentences, labels, clean)
