"""Raw files -> the normalised tables. How formats are read and rows judged is in ``relation``."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.ingest.gold import align_gold, build_gold, read_gold
from klue_pipeline.relation.ingest.labels import (
    EntityTypes,
    LabelSets,
    choose_labels,
    infer_labels,
    require_learnable,
)
from klue_pipeline.relation.ingest.parsing import TABLE, FormatError, RawFile, layout_of, read_rows
from klue_pipeline.relation.ingest.row_checks import RowRules
from klue_pipeline.relation.ingest.sampling import sample_rows
from klue_pipeline.relation.ingest.training_rows import normalise_training_rows
from klue_pipeline.relation.ingest.unlabelled_rows import (
    normalise_test_rows,
    normalise_unlabelled_rows,
)
from klue_pipeline.relation.settings.params import IngestParams, LabelsParams

logger = logging.getLogger(__name__)


def parse_train(
    raw_train: RawFile,
    ingest: IngestParams,
    chosen_labels: LabelsParams,
    label_sets: LabelSets,
    entity_types: EntityTypes,
) -> tuple[LabelSet, pd.DataFrame, pd.DataFrame]:
    """Read the training rows and the labels to learn; bad rows are set aside, none is lost.

    Args:
        raw_train: The training file.
        ingest: Format, columns, label set, largest share of bad rows, the part of the rows to take.
        chosen_labels: Labels of one's own, or how to find them in the file.
        label_sets: All known ordered lists of labels, which also name labels written as numbers.
        entity_types: The entity types that may occur in a known format.

    Returns:
        The labels (``names`` in order, a label's id is its place, and the ``negative`` one, as
        :class:`LabelSet` reads them); good rows (schema ``Sentences``) and bad ones
        (``RejectedRows``), both in file order.
    """
    with _format_setting():
        format_name, rows = read_rows(raw_train, ingest.format, layout_of(ingest))
    labels = choose_labels(chosen_labels, ingest.label_set, format_name, label_sets)
    rules = RowRules(
        label_names=None if labels is None else frozenset(labels.names),
        numbered_names=_numbered_names(chosen_labels, format_name, label_sets),
        entity_types=None if format_name == TABLE else entity_types.root,
    )
    sentences, rejected_rows = normalise_training_rows(
        raw_train.name, rows, rules, ingest.max_rejected_share
    )
    found = sentences["label"].tolist()
    negative = chosen_labels.negative if labels is None else labels.negative
    require_learnable(found, negative, f"usable rows of {raw_train.name}")
    if labels is None:
        labels = infer_labels(found, negative, raw_train.name)
    logger.info("%s is read as %s, with %d labels", raw_train.name, format_name, len(labels.names))
    sampled = sample_rows(sentences, ingest.max_rows, ingest.seed)
    return labels, sampled, rejected_rows


def parse_test(raw_test: RawFile, ingest: IngestParams) -> pd.DataFrame:
    """Read the test rows, every one of them; labels in the file are left alone.

    Args:
        raw_test: The test file.
        ingest: Format and columns of the file.

    Returns:
        One line per test row in file order; schema ``TestSentences``.
    """
    layout = layout_of(ingest)
    with _format_setting():
        _, rows = read_rows(raw_test, ingest.format, layout and layout.unlabelled)
    return normalise_test_rows(raw_test.name, rows)


def read_unlabelled(raw_unlabelled: RawFile, ingest: IngestParams) -> pd.DataFrame:
    """Read the rows without labels that a student learns from; those that cannot be used are left.

    Args:
        raw_unlabelled: The file; labels in it are left alone.
        ingest: Format and columns of the file.

    Returns:
        Usable rows in file order, with ids that no row of another file has; schema
        ``TestSentences``.

    Raises:
        ValueError: No row of the file can be used.
    """
    layout = layout_of(ingest)
    with _format_setting():
        _, rows = read_rows(raw_unlabelled, ingest.format, layout and layout.unlabelled)
    return normalise_unlabelled_rows(raw_unlabelled.name, rows)


def parse_test_gold(
    raw_test_gold: RawFile | None,
    test_sentences: pd.DataFrame,
    labels: LabelSet,
    ingest: IngestParams,
    label_sets: LabelSets,
) -> pd.DataFrame:
    """Read the true labels of the test rows, to report on and never to train on.

    Args:
        raw_test_gold: The gold file, or None where there is none.
        test_sentences: The test rows it must cover exactly.
        labels: The labels to learn.
        ingest: Format and columns of the test file, which may hold the labels itself.
        label_sets: Names for labels written as numbers.

    Returns:
        The label of each test row in the order of the rows (schema ``TestGold``), or an empty
        table without a gold file.
    """
    if raw_test_gold is None:
        return build_gold({})
    with _format_setting():
        gold = read_gold(raw_test_gold, label_sets, layout_of(ingest))
    row_ids = test_sentences["row_id"].tolist()
    names = labels.names
    return build_gold(align_gold(gold, row_ids, names, raw_test_gold.name))


@contextmanager
def _format_setting() -> Iterator[None]:
    """Say which setting to change for a file of another format."""
    try:
        yield
    except FormatError as error:
        raise ValueError(
            f"{error} Set ingest.format to the format of the file, or to auto; for columns of your "
            "own, set it to table and name them in ingest.columns."
        ) from error


def _numbered_names(
    chosen: LabelsParams, format_name: str, label_sets: LabelSets
) -> tuple[str, ...]:
    """Return what labels written as numbers stand for; among inferred ones they are names."""
    if chosen.names is None:
        return label_sets.numbered_names(format_name)
    return () if chosen.names == "infer" else tuple(chosen.names)
