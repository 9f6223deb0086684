"""Raw files -> the normalised tables. How formats are read and rows judged is in ``relation``."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.relation.gold import align_gold, build_gold, read_gold
from klue_pipeline.relation.labels import EntityTypes, LabelSets, choose_label_set
from klue_pipeline.relation.params import IngestParams, LabelSet
from klue_pipeline.relation.parsing import RawFile, detect_format, read_rows
from klue_pipeline.relation.row_checks import RowRules
from klue_pipeline.relation.sampling import sample_rows
from klue_pipeline.relation.training_rows import normalise_training_rows
from klue_pipeline.relation.unlabelled_rows import normalise_test_rows

logger = logging.getLogger(__name__)


def choose_labels(
    raw_train: RawFile, ingest: IngestParams, label_sets: LabelSets
) -> dict[str, Any]:
    """Choose the ordered labels to learn; a label's id is its place among them.

    Args:
        raw_train: The training file, whose format decides under ``label_set: auto``.
        ingest: Format and label set.
        label_sets: All ordered lists by name.

    Returns:
        ``names`` in order and the ``negative`` one, as :class:`LabelSet` reads them.
    """
    format_name = detect_format(raw_train) if ingest.format == "auto" else ingest.format
    labels = choose_label_set(ingest.label_set, format_name, label_sets)
    logger.info("%s is read as %s, with %d labels", raw_train.name, format_name, len(labels.names))
    return labels.model_dump()


def parse_train(
    raw_train: RawFile,
    labels: dict[str, Any],
    ingest: IngestParams,
    entity_types: EntityTypes,
    label_sets: LabelSets,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read the training rows; bad ones are set aside with their reason, none is lost.

    Args:
        raw_train: The training file.
        labels: The labels to learn, as :func:`choose_labels` returns them.
        ingest: Format, largest share of bad rows, and the part of the rows to take.
        entity_types: The entity types that may occur.
        label_sets: Names for labels written as numbers.

    Returns:
        Good rows (schema ``Sentences``) and bad ones (``RejectedRows``), both in file order.
    """
    format_name, rows = read_rows(raw_train, ingest.format)
    rules = RowRules(
        label_names=frozenset(LabelSet.model_validate(labels).names),
        numbered_names=label_sets.numbered_names(format_name),
        entity_types=entity_types.root,
    )
    sentences, rejected_rows = normalise_training_rows(
        raw_train.name, rows, rules, ingest.max_rejected_share
    )
    return sample_rows(sentences, ingest.max_rows, ingest.seed), rejected_rows


def parse_test(raw_test: RawFile, ingest: IngestParams) -> pd.DataFrame:
    """Read the test rows, every one of them; labels in the file are left alone.

    Args:
        raw_test: The test file.
        ingest: Format of the file.

    Returns:
        One line per test row in file order; schema ``TestSentences``.
    """
    _, rows = read_rows(raw_test, ingest.format)
    return normalise_test_rows(raw_test.name, rows)


def parse_test_gold(
    raw_test_gold: RawFile | None,
    test_sentences: pd.DataFrame,
    labels: dict[str, Any],
    label_sets: LabelSets,
) -> pd.DataFrame:
    """Read the true labels of the test rows, to report on and never to train on.

    Args:
        raw_test_gold: The gold file, or None where there is none.
        test_sentences: The test rows it must cover exactly.
        labels: The labels to learn.
        label_sets: Names for labels written as numbers.

    Returns:
        The label of each test row in the order of the rows (schema ``TestGold``), or an empty
        table without a gold file.
    """
    if raw_test_gold is None:
        return build_gold({})
    gold = read_gold(raw_test_gold, label_sets)
    row_ids = test_sentences["row_id"].tolist()
    names = LabelSet.model_validate(labels).names
    return build_gold(align_gold(gold, row_ids, names, raw_test_gold.name))
