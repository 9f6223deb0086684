"""The true labels of the test rows: reported on, never trained on."""

from collections.abc import Mapping, Sequence

import pandas as pd

from klue_pipeline.relation.ingest.labels import LabelSets, name_label
from klue_pipeline.relation.ingest.parsing import TABLE, RawFile, TableLayout, read_rows
from klue_pipeline.relation.ingest.unlabelled_rows import unique_ids
from klue_pipeline.text.counts import counted
from klue_pipeline.text.csv_lines import first_line, read_lines, read_table
from klue_pipeline.text.lookalikes import hint_at_lookalikes
from klue_pipeline.text.records.cells import (
    read_number_or_name,
    read_text,
)
from klue_pipeline.text.shortened import list_shortly

GOLD_COLUMNS = ("id", "label")
"""Columns of a plain gold file; others are left alone."""

_SHOWN_ROWS = 3


def build_gold(labels: dict[str, str]) -> pd.DataFrame:
    """Write labels by row id as a table of schema ``TestGold``; no labels make an empty one."""
    return pd.DataFrame({"row_id": list(labels), "label": list(labels.values())}, dtype="str")


def read_gold(
    raw: RawFile, label_sets: LabelSets, layout: TableLayout | None = None
) -> dict[str, str | None]:
    """Read a plain ``id,label`` CSV, or the labels of a file in any format.

    Args:
        raw: The gold file.
        label_sets: Names for labels written as numbers.
        layout: Which column holds what, where the test file is a table of one's own; None where it
            is in one of the known formats.

    Returns:
        The label of each row id in file order, None where the file has none. Ids are made unique
        as those of the test file are.

    Raises:
        ValueError: The file is in no known format or breaks it.
    """
    if _is_plain(raw, layout):
        ids, labels = _read_plain(raw)
        names = label_sets.numbered_names("contest_csv")
    else:
        format_name, rows = read_rows(raw, "auto" if layout is None else TABLE, layout)
        ids, labels = [row.row_id for row in rows], [row.label for row in rows]
        names = label_sets.numbered_names(format_name)
    row_ids = unique_ids(raw.name, ids)
    return {id_: name_label(label, names) for id_, label in zip(row_ids, labels, strict=True)}


def align_gold(
    gold: dict[str, str | None], row_ids: Sequence[str], label_names: Sequence[str], name: str
) -> dict[str, str]:
    """Return the gold labels in the order of the test rows.

    Args:
        gold: The label of each row id, None where the file has none.
        row_ids: Ids of the test rows.
        label_names: The labels that are being learned.
        name: The gold file, for messages.

    Raises:
        ValueError: The file lists other rows than the test file, or a label is missing or unknown.
    """
    missing = [row_id for row_id in row_ids if row_id not in gold]
    surplus = sorted(gold.keys() - set(row_ids))
    if missing or surplus:
        raise ValueError(
            f"{name} and the test rows do not match: it lacks {counted(len(missing), 'test row')} "
            f"({list_shortly(missing, _SHOWN_ROWS)}) and has {counted(len(surplus), 'other row')} "
            f"({list_shortly(surplus, _SHOWN_ROWS)}). Give the "
            "gold labels of exactly the test rows in raw.test_gold, or set it to null."
        )
    bad = {row_id: label for row_id, label in gold.items() if label not in label_names}
    if bad:
        raise ValueError(
            f"{name}: {len(bad)} of {len(gold)} labels are missing or in no label set chosen, such "
            f"as {list_shortly(_pairs(bad), _SHOWN_ROWS)}."
            f"{hint_at_lookalikes(filter(None, bad.values()), label_names)} Correct "
            "them, choose another ingest.label_set, or set raw.test_gold to null."
        )
    return {row_id: str(gold[row_id]) for row_id in row_ids}


def _pairs(labels: Mapping[str, str | None]) -> list[str]:
    return [f"{label} of row {row_id}" for row_id, label in labels.items()]


def _is_plain(raw: RawFile, layout: TableLayout | None) -> bool:
    header = first_line(raw.head(), ",")
    sentences = "subject_entity" if layout is None else layout.columns.sentence
    return set(GOLD_COLUMNS) <= set(header) and sentences not in header


def _read_plain(raw: RawFile) -> tuple[list[str | None], list[str | int | None]]:
    table = list(read_table(read_lines(raw.lines(), name=raw.name), GOLD_COLUMNS, raw.name))
    labels = [read_number_or_name(fields["label"]) for fields in table]
    return [read_text(fields["id"]) for fields in table], labels
