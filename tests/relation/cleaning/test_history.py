"""Cleaning can be taken back, whatever the rules did and through the files that keep it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kedro.io import AbstractDataset

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.cleaning import RULES, Tables, restore_tables
from klue_pipeline.relation.ingest import schema

MARKED = [
    "[[이순신]]은 <<수군>>을 이끌었다.",
    "“[[이순신]]”은 <<수군>>을  이끌었다.",
    '"[[이순신]]"은 <<수군>>을 이끌었다.',
    "[[NA]]는 \r\n<<null>>을\t이끌었다, 'None'…",
    "<<수군>>의 [[이순신]], 李舜臣 😀",
    '"<<이순신>>"은 [[수군]]을 이끌었다.',
]
CATALOG = yaml.safe_load(
    (Path(__file__).parents[3] / "conf/base/catalog_relation.yml").read_text(encoding="utf-8")
)
LABELS = ["no_relation", "a", "b", "per:title"]


@pytest.fixture
def everything(clean_params):
    """Settings under which every rule finds something."""

    def build(rules):
        return clean_params(
            *rules,
            repair_types={"min_support": 2, "min_purity": 0.51},
            contradictory_duplicates={"keep": "keep_by_model", "previous": "first"},
        )

    return build


def earlier_scores():
    return ScoreTable(
        row_ids=np.array(["r0", "r1"], dtype=object),
        logits=np.array([[0, 1, 2, 0], [1, 0, 0, 2]], dtype=np.float32),
        labels=tuple(LABELS),
    )


drawn_rows = st.lists(
    st.tuples(
        st.sampled_from(MARKED), st.sampled_from(LABELS), st.sampled_from(["PER", "ORG", "NONE"])
    ),
    min_size=1,
    max_size=30,
)


@given(
    train_rows=drawn_rows,
    test_rows=drawn_rows,
    rules=st.permutations(sorted(RULES)),
    n_rules=st.integers(1, len(RULES)),
)
@settings(
    deadline=None, max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_clean_dropped_and_changed_rows_give_the_originals_back(
    *, tmp_path, as_rows, as_test, run, everything, train_rows, test_rows, rules, n_rules
):
    train, test = (
        as_rows([row[0] for row in rows], label=[row[1] for row in rows],
                object_type=[row[2] for row in rows])
        for rows in (train_rows, test_rows)
    )  # fmt: skip
    review = pd.DataFrame({"row_id": ["r0"], "decision": ["relabel"], "new_label": ["b"]})
    result = run(
        train, everything(rules[:n_rules]), as_test(test), reviewed_rows=review,
        earlier_scores=earlier_scores(),
    )  # fmt: skip
    report = result.report
    assert report["rows_in"] == len(train) == report["rows_out"] + len(result.dropped_rows)
    assert [rule["rows_in"] for rule in report["rules"][1:]] == [
        rule["rows_out"] for rule in report["rules"][:-1]
    ]
    for model, table in (
        (schema.Sentences, result.tables.train),
        (schema.TestSentences, result.tables.test),
        (schema.DroppedRows, result.dropped_rows),
        (schema.ChangedRows, result.changed_rows),
    ):
        pd.testing.assert_frame_equal(model.validate(table, lazy=True), table)
    for dropped, changed in (
        (result.dropped_rows, result.changed_rows),
        (through_file(result.dropped_rows, "dropped_rows", tmp_path),
         through_file(result.changed_rows, "changed_rows", tmp_path)),
    ):  # fmt: skip
        restored = restore_tables(result.tables, dropped, changed)
        pd.testing.assert_frame_equal(restored.train, train)
        pd.testing.assert_frame_equal(restored.test, as_test(test))


def through_file(table, name, folder):
    """Write and read a table as the catalog does."""
    entry = dict(CATALOG[name])
    validator = entry.pop("validator").rpartition(".")[2]
    dataset = AbstractDataset.from_config(name, entry | {"filepath": str(folder / name)})
    dataset.save(table)
    return getattr(schema, validator).validate(dataset.load(), lazy=True)


@pytest.fixture
def cleaned(as_rows, run, everything):
    rows = as_rows([MARKED[1], MARKED[2], MARKED[2]])
    return run(rows, everything(["normalise_text", "exact_duplicates"]))


def test_each_changed_cell_is_one_line(cleaned):
    lines = cleaned.changed_rows[["file", "row_id", "rule", "column"]].to_numpy().tolist()
    assert lines == [["train", "r0", "normalise_text", "sentence"]]
    assert cleaned.dropped_rows["row_id"].tolist() == ["r1", "r2"]
    assert cleaned.dropped_rows["kept_row_id"].tolist() == ["r0", "r0"]


def test_tables_of_different_runs_are_refused(cleaned):
    tables = cleaned.tables
    with pytest.raises(ValueError, match="numbers of 1 dropped rows do not fit"):
        restore_tables(tables, cleaned.dropped_rows.iloc[1:], cleaned.changed_rows)
    other = replace(tables, train=tables.train.assign(sentence="다른 문장"))
    with pytest.raises(ValueError, match="Column sentence is not what normalise_text made of it"):
        restore_tables(other, cleaned.dropped_rows, cleaned.changed_rows)
    elsewhere = cleaned.changed_rows.assign(row_id="r9")
    with pytest.raises(ValueError, match="take rows and changes from the same run"):
        restore_tables(tables, cleaned.dropped_rows, elsewhere)


def test_tables_that_nothing_happened_to_come_back(as_rows, as_test):
    tables = Tables(as_rows(MARKED), as_test(as_rows(MARKED)))
    no_drops = pd.DataFrame(columns=[*tables.train, "row_number"]).astype({"row_number": "int64"})
    restored = restore_tables(tables, no_drops, pd.DataFrame(columns=["rule", "file"]))
    pd.testing.assert_frame_equal(restored.train, tables.train)
