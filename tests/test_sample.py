"""The bundled sample: made again byte by byte, and as difficult as its README says."""

import ast
import doctest
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest
import yaml

from klue_pipeline.text.josa import choose_josa

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "data" / "01_raw" / "sample"
FILES = ("train.csv", "test.csv", "test_gold.csv")
ENTITY_COLUMNS = ["subject_entity", "object_entity"]
PLANNED = yaml.safe_load((ROOT / "scripts" / "sample_grammar.yml").read_text(encoding="utf-8"))
LABELS = yaml.safe_load((ROOT / "conf/base/parameters_labels.yml").read_text(encoding="utf-8"))[
    "label_sets"
]["klue_30"]["names"]


def read_rows(name: str) -> pd.DataFrame:
    rows = pd.read_csv(SAMPLE / name, dtype={"label": str})
    for column in ENTITY_COLUMNS:
        rows[column] = rows[column].map(ast.literal_eval)
    return rows


@pytest.fixture(scope="module")
def make_sample() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", ROOT / "scripts/make_sample.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.fixture(scope="module")
def train() -> pd.DataFrame:
    return read_rows("train.csv")


@pytest.fixture(scope="module")
def unlabelled() -> pd.DataFrame:
    return read_rows("test.csv")


@pytest.fixture(scope="module")
def gold() -> pd.DataFrame:
    return pd.read_csv(SAMPLE / "test_gold.csv")


def stands_at_its_offsets(sentence: str, entity: dict[str, Any]) -> bool:
    return sentence[entity["start_idx"] : entity["end_idx"] + 1] == entity["word"]


def broken(rows: pd.DataFrame) -> pd.Series:
    fits = [
        all(stands_at_its_offsets(row["sentence"], row[column]) for column in ENTITY_COLUMNS)
        for _, row in rows.iterrows()
    ]
    return ~pd.Series(fits, index=rows.index)


def questions(rows: pd.DataFrame) -> pd.Series:
    """What a row asks: its sentence with its two entities, as text."""
    return rows["sentence"] + rows["subject_entity"].map(repr) + rows["object_entity"].map(repr)


def test_script_writes_the_committed_files_again(make_sample, tmp_path):
    make_sample.main(["--output-dir", str(tmp_path)])
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (SAMPLE / name).read_bytes(), name


def test_examples_in_the_script_hold(make_sample):
    result = doctest.testmod(make_sample)
    assert result.attempted > 0
    assert result.failed == 0


def test_columns_and_ids(train, unlabelled, gold):
    columns = ["id", "sentence", *ENTITY_COLUMNS, "label", "source"]
    for rows in (train, unlabelled):
        assert list(rows.columns) == columns
        assert list(rows["id"]) == list(range(len(rows)))
    assert list(gold.columns) == ["id", "label"]
    assert list(gold["id"]) == list(unlabelled["id"])


def test_every_label_occurs_and_those_of_the_test_rows_are_hidden(train, unlabelled, gold):
    assert set(train["label"]) == set(gold["label"]) == set(LABELS)
    assert train["label"].value_counts().min() >= 6
    assert set(unlabelled["label"]) == {"100"}


def test_no_relation_is_twice_as_frequent_in_the_test_file(train, gold):
    assert (train["label"] == "no_relation").mean() == pytest.approx(0.29, abs=0.015)
    assert (gold["label"] == "no_relation").mean() == pytest.approx(0.60, abs=0.015)


def test_offsets_hold_except_for_the_planned_rows(train, unlabelled):
    assert broken(train).sum() == PLANNED["broken_offsets"]
    assert broken(train).mean() < 0.01
    assert not broken(unlabelled).any()


def test_duplicates_and_contradictions(train):
    repeated = train.assign(question=questions(train)).groupby("question")["label"]
    labels_per_question = repeated.nunique()
    rows_per_question = repeated.size()
    assert (labels_per_question > 1).sum() == PLANNED["contradictions"]
    copies = (rows_per_question - labels_per_question).sum()
    assert copies == pytest.approx(PLANNED["exact_duplicates"], abs=2)


@pytest.mark.parametrize("mark", ["@", "#", "'", '"', "“", "《", "〈", "😊", "‘"])
def test_awkward_characters_occur(train, mark):
    assert train["sentence"].str.contains(mark, regex=False).any()


@pytest.mark.parametrize("pair", ["은/는", "을/를", "이/가", "와/과"])
def test_particles_fit_their_word(train, unlabelled, pair):
    forms = set(pair.split("/"))
    checked = 0
    for rows in (train[~broken(train)], unlabelled):
        for row in rows.itertuples():
            for entity in (row.subject_entity, row.object_entity):
                rest = row.sentence[entity["end_idx"] + 1 :]
                right = choose_josa(entity["word"], pair)
                if rest[:1] in forms and rest[1:2] == " ":
                    assert rest[0] == right, row.sentence
                    checked += 1
    assert checked > 20


def test_no_template_is_left_unfilled(train, unlabelled):
    for rows in (train, unlabelled):
        assert not rows["sentence"].str.contains(r"[{}\[\]|]|  |\( |\(\)", regex=True).any()
        assert rows["sentence"].str.endswith((".", "”")).all()
