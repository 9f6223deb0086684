"""Give a surface form the entity type that it usually has, without a look at any label."""

from collections import Counter
from typing import Any

import pandas as pd

from klue_pipeline.relation.cleaning.interface import (
    ROLES,
    Evidence,
    Outcome,
    Tables,
    is_readable,
    with_columns,
)
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.settings.clean_params import CleanParams, RepairTypesParams


def repair_entity_types(tables: Tables, clean: CleanParams, _: Evidence) -> Outcome:
    """Replace unusual types of words that nearly always have another one.

    Counted are all subjects and objects of both files with a type; labels are never asked, so test
    rows get the same repair as training rows. No role is given a type that it does not have in any
    training row (a subject of KLUE-RE is a person or an organisation). Entities without a type keep
    having none.
    """
    usual = _usual_types(tables, clean.repair_types)
    legal = {role: set(tables.train[f"{role}_type"]) - {NO_TYPE} for role in ROLES}
    train, repaired_in_train = _repair_rows(tables.train, usual, legal)
    test, repaired_in_test = _repair_rows(tables.test, usual, legal)
    counts = {
        "surface_forms_with_a_usual_type": len(usual),
        "repaired": {"train": repaired_in_train, "test": repaired_in_test},
    }
    return Outcome(Tables(train, test), counts=counts)


def _usual_types(tables: Tables, params: RepairTypesParams) -> pd.Series:
    """Return the type of every surface form that is frequent and nearly always of one type."""
    parts = [
        pd.DataFrame({"text": rows[f"{role}_text"], "type": rows[f"{role}_type"]})
        for file in (tables.train, tables.test)
        for rows in [file[is_readable(file)]]
        for role in ROLES
    ]
    mentions = pd.concat(parts, ignore_index=True)
    counts = mentions[mentions["type"] != NO_TYPE].value_counts(["text", "type"])
    n_mentions = counts.groupby(level="text").transform("sum")
    is_usual = (n_mentions >= params.min_support) & (counts / n_mentions >= params.min_purity)
    return counts[is_usual].reset_index("type")["type"]


def _repair_rows(
    rows: pd.DataFrame, usual: pd.Series, legal: dict[str, set[str]]
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Return the rows with repaired types, and how many types became which."""
    readable = is_readable(rows)
    columns, repaired = {}, Counter[str]()
    for role in ROLES:
        types = rows[f"{role}_type"]
        wanted = rows[f"{role}_text"].map(usual).astype(types.dtype)
        wrong = readable & wanted.isin(legal[role]) & (types != NO_TYPE) & (wanted != types)
        columns[f"{role}_type"] = types.mask(wrong, wanted)
        repaired.update(types[wrong] + " -> " + wanted[wrong])
    return with_columns(rows, **columns), dict(repaired.most_common())
