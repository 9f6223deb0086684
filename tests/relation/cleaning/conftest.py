"""Settings from ``conf/base``, small tables, and one call for a list of rules."""

from pathlib import Path

import pandas as pd
import pytest
import yaml

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.cleaning import Evidence, Tables, clean_tables
from klue_pipeline.relation.settings.clean_params import CleanParams

SETTINGS = yaml.safe_load(
    (Path(__file__).parents[3] / "conf/base/parameters_clean.yml").read_text(encoding="utf-8")
)["clean"]
LABELS = LabelSet(names=["no_relation", "a", "b", "per:title"], negative="no_relation")


@pytest.fixture
def clean_params():
    """Build settings: those of ``conf/base`` with the given rules, and groups updated by name."""

    def build(*rules, **groups):
        changed = {name: SETTINGS[name] | values for name, values in groups.items()}
        return CleanParams(**SETTINGS | changed | {"rules": list(rules)})

    return build


@pytest.fixture
def as_rows():
    """Build a table: from sentences with [[subject]] and <<object>>, and any columns besides."""

    def build(marked, **columns):
        rows = [_read(number, text) for number, text in enumerate(marked)]
        table = pd.DataFrame(rows, columns=_COLUMNS).assign(
            label="a", source="wikitree", given_fold=pd.array([None] * len(rows), dtype="Int64")
        )
        table = table.assign(**columns)
        table["type_pair"] = table["subject_type"] + ":" + table["object_type"]
        texts = zip(table["subject_text"], table["object_text"], strict=True)
        table["pair_key"] = ["\t".join(sorted(pair)) for pair in texts]
        whole = {name: "int64" for name in _COLUMNS if name.endswith(("_start", "_end"))}
        others = set(table) - set(whole) - {"given_fold"}
        return table.astype(whole | dict.fromkeys(others, "str"))

    return build


_COLUMNS = [
    "row_id", "sentence", "subject_text", "subject_start", "subject_end", "subject_type",
    "object_text", "object_start", "object_end", "object_type",
]  # fmt: skip


def _read(number, marked):
    sentence = marked
    for mark in ("[[", "]]", "<<", ">>"):
        sentence = sentence.replace(mark, "")
    return [f"r{number}", sentence, *_span(marked, "[[", "]]"), "PER", *_span(marked, "<<", ">>"),
            "ORG"]  # fmt: skip


def _span(marked, opening, closing):
    before, rest = marked.split(opening)
    for mark in ("[[", "]]", "<<", ">>"):
        before = before.replace(mark, "")
    word = rest.split(closing)[0]
    return [word, len(before), len(before) + len(word)]


@pytest.fixture
def as_test():
    """Make test rows of labelled ones; ``problems`` says what is wrong with each."""

    def build(rows, problems=None):
        nothing = pd.Series([None] * len(rows), dtype="str", index=rows.index)
        problem = nothing if problems is None else pd.Series(problems, dtype="str")
        return rows.assign(row_id="t" + rows["row_id"], label=nothing, problem=problem)

    return build


@pytest.fixture
def run(as_test):
    """Clean: training rows, settings, test rows (none, if not given), what rules may ask."""

    def clean(train, params, test=None, **evidence):
        tables = Tables(train, as_test(train.head(0)) if test is None else test)
        given = {"labels": LABELS, "row_ids": frozenset(train["row_id"])} | evidence
        return clean_tables(tables, params, Evidence(**given))

    return clean
