"""Rewrite entity types by the gold label, as a published contest entry did. For reproduction only.

DANGER: the rewritten type is a function of the label, so the types of the training rows give the
label away. Validation rows are rewritten too and test rows cannot be, since nobody has their
labels: validation scores go up and the score that counts goes down. Entity types for use are
repaired by ``repair_types``, which asks no label.
"""

import logging

import pandas as pd

from klue_pipeline.relation.cleaning.interface import Evidence, Outcome, Tables, replace_train
from klue_pipeline.relation.ingest.sentence_table import NO_TYPE
from klue_pipeline.relation.settings.clean_params import CleanParams

logger = logging.getLogger(__name__)

ANY_TYPE = "any"

_TO_OTHER_WORDS: dict[str, str] = {
    "org:top_members/employees": "ORG LOC NOH",
    "org:members": "PER NOH DAT",
    "org:product": ANY_TYPE,
    "per:title": ANY_TYPE,
    "org:alternate_names": "DAT",
    "per:employee_of": "DAT NOH",
    "org:place_of_headquarters": "DAT NOH PER",
    "per:product": ANY_TYPE,
    "per:children": "LOC NOH DAT ORG",
    "per:place_of_residence": "ORG DAT",
    "per:alternate_names": "ORG LOC",
    "per:other_family": "LOC ORG",
    "per:colleagues": "ORG DAT LOC",
    "per:origin": "DAT PER NOH",
    "per:spouse": "LOC ORG DAT",
    "org:political/religious_affiliation": "LOC PER DAT",
    "org:member_of": "NOH DAT PER",  # the original misspells this label, which switches it off
    "per:parents": "LOC DAT NOH",
    "per:religion": "LOC",
}
"""Object types that become POH, by label."""

_TO_OTHERS: list[tuple[str, str, str, str]] = [
    ("org:top_members/employees", "subject_type", "PER", "ORG"),
    ("org:members", "subject_type", "PER", "ORG"),
    ("org:place_of_headquarters", "subject_type", "PER", "ORG"),
    ("org:alternate_names", "object_type", "PER", "ORG"),
    ("per:schools_attended", "object_type", "LOC", "ORG"),
    ("per:date_of_death", "object_type", ANY_TYPE, "DAT"),
    ("per:date_of_birth", "object_type", ANY_TYPE, "DAT"),
    ("per:place_of_birth", "object_type", ANY_TYPE, "LOC"),
    ("per:place_of_death", "object_type", ANY_TYPE, "LOC"),
]

REWRITES: list[tuple[str, str, str, str]] = [
    *(
        (label, "object_type", former, "POH")
        for label, types in _TO_OTHER_WORDS.items()
        for former in types.split()
    ),
    *_TO_OTHERS,
]
"""Label, column, former type (or any) and new type; after ``code/data_preparation.py`` of
boostcampaitech6/level2-klue-nlp-05 with its misspelt label put right."""


def rewrite_types_by_label(tables: Tables, _: CleanParams, __: Evidence) -> Outcome:
    """Rewrite the types of training rows by their labels. Leaks the label; read the module's text.

    Entities without a type are left alone. Test rows are never rewritten.
    """
    logger.warning(
        "Cleaning by type_by_label: entity types of training rows are rewritten by their GOLD "
        "LABELS. The types now give labels away, test rows get no such help, and every validation "
        "score of this run flatters the model. It exists to reproduce a published entry: take "
        "type_by_label out of clean.rules for anything else."
    )
    rows = tables.train
    types = {name: rows[name] for name in ("subject_type", "object_type")}
    for label, column, former, new in REWRITES:
        types[column] = types[column].mask(_is_case(rows, types[column], label, former), new)
    return Outcome(replace_train(tables, **types))


def _is_case(rows: pd.DataFrame, types: pd.Series, label: str, former: str) -> pd.Series:
    has_type = (types != NO_TYPE) if former == ANY_TYPE else (types == former)
    return (rows["label"] == label) & has_type
