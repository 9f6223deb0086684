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
LABELS = {
    "no_relation",
    "org:alternate_names",
    "org:dissolved",
    "org:founded",
    "org:founded_by",
    "org:member_of",
    "org:members",
    "org:number_of_employees/members",
    "org:place_of_headquarters",
    "org:political/religious_affiliation",
    "org:product",
    "org:top_members/employees",
    "per:alternate_names",
    "per:children",
    "per:colleagues",
    "per:date_of_birth",
    "per:date_of_death",
    "per:employee_of",
    "per:origin",
    "per:other_family",
    "per:parents",
    "per:place_of_birth",
    "per:place_of_death",
    "per:place_of_residence",
    "per:product",
    "per:religion",
    "per:schools_attended",
    "per:siblings",
    "per:spouse",
    "per:title",
}


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


def test_files_are_small_plain_utf8():
    contents = [(SAMPLE / name).read_bytes() for name in FILES]
    assert sum(map(len, contents)) < 1_000_000
    for content in contents:
        assert not content.startswith(b"\xef\xbb\xbf")
        assert b"\r" not in content
        content.decode("utf-8")


def test_columns_and_ids(train, unlabelled, gold):
    columns = ["id", "sentence", *ENTITY_COLUMNS, "label", "source"]
    for rows in (train, unlabelled):
        assert list(rows.columns) == columns
        assert list(rows["id"]) == list(range(len(rows)))
    assert list(gold.columns) == ["id", "label"]
    assert list(gold["id"]) == list(unlabelled["id"])


def test_counts(train, unlabelled):
    assert len(train) >= 1_500
    assert len(unlabelled) >= 400


def test_test_labels_are_hidden(unlabelled):
    assert set(unlabelled["label"]) == {"100"}


def test_every_label_occurs(train, gold):
    assert set(train["label"]) == LABELS
    assert set(gold["label"]) == LABELS
    assert train["label"].value_counts().min() >= 6
    assert gold["label"].value_counts().min() >= 2


def test_no_relation_is_twice_as_frequent_in_the_test_file(train, gold):
    assert (train["label"] == "no_relation").mean() == pytest.approx(0.29, abs=0.015)
    assert (gold["label"] == "no_relation").mean() == pytest.approx(0.60, abs=0.015)


@pytest.mark.parametrize("name", ["train.csv", "test.csv"])
def test_lengths_are_like_the_real_ones(name):
    lengths = read_rows(name)["sentence"].str.len()
    assert 90 <= lengths.mean() <= 105
    assert 78 <= lengths.median() <= 95
    assert 300 < lengths.max() < 480


def test_sources(train):
    shares = train["source"].value_counts(normalize=True)
    assert shares["wikipedia"] == pytest.approx(0.66, abs=0.05)
    assert shares["wikitree"] == pytest.approx(0.33, abs=0.05)
    assert 0 < shares["policy_briefing"] < 0.04


def test_offsets_hold_except_for_the_planned_rows(train, unlabelled):
    assert broken(train).sum() == PLANNED["broken_offsets"]
    assert broken(train).mean() < 0.01
    assert not broken(unlabelled).any()


def test_entities_do_not_overlap(train, unlabelled):
    for rows in (train[~broken(train)], unlabelled):
        for subject, object_ in zip(*(rows[column] for column in ENTITY_COLUMNS), strict=True):
            first, second = sorted([subject, object_], key=lambda entity: entity["start_idx"])
            assert first["word"]
            assert second["word"]
            assert first["end_idx"] < second["start_idx"]


def test_types_are_those_of_klue(train, unlabelled):
    for rows in (train, unlabelled):
        objects = {entity["type"] for entity in rows["object_entity"]}
        assert objects == {"PER", "ORG", "LOC", "DAT", "POH", "NOH"}
        subjects = rows["subject_entity"].map(lambda entity: entity["type"])
        assert subjects.isin(["PER", "ORG"]).mean() > 0.99


def test_subject_type_fits_the_label(train):
    of_persons = train["label"].str.startswith("per:")
    subjects = train["subject_entity"].map(lambda entity: entity["type"])
    assert set(subjects[of_persons]) == {"PER"}


def test_duplicates_and_contradictions(train):
    repeated = train.assign(question=questions(train)).groupby("question")["label"]
    labels_per_question = repeated.nunique()
    rows_per_question = repeated.size()
    assert (labels_per_question > 1).sum() == PLANNED["contradictions"]
    copies = (rows_per_question - labels_per_question).sum()
    assert copies == pytest.approx(PLANNED["exact_duplicates"], abs=2)


def test_contradictions_are_of_both_kinds(train):
    repeated = train.assign(question=questions(train)).groupby("question")["label"]
    contradictory = [labels for labels in repeated.agg(set) if len(labels) > 1]
    with_no_relation = ["no_relation" in labels for labels in contradictory]
    assert any(with_no_relation)
    assert not all(with_no_relation)


def unlabelled_share_entity_pairs(train):
    pairs = pd.Series(
        [
            frozenset((subject["word"], object_["word"]))
            for subject, object_ in zip(*(train[column] for column in ENTITY_COLUMNS), strict=True)
        ]
    )
    assert 0.18 < pairs.duplicated(keep=False).mean() < 0.32
    labels_per_pair = train["label"].groupby(pairs).nunique()
    assert (labels_per_pair > 1).sum() > 20


def test_both_orders_of_the_entities(train):
    subject_first = [
        subject["start_idx"] < object_["start_idx"]
        for subject, object_ in zip(*(train[column] for column in ENTITY_COLUMNS), strict=True)
    ]
    assert 0.4 < pd.Series(subject_first).mean() < 0.7


@pytest.mark.parametrize("mark", ["@", "#", "'", '"', "“", "《", "〈", "😊", "‘"])
def test_awkward_characters_occur(train, mark):
    assert train["sentence"].str.contains(mark, regex=False).any()


def test_awkward_words_occur(train):
    words = [entity["word"] for column in ENTITY_COLUMNS for entity in train[column]]
    assert any("," in word for word in words)
    assert any("'" in word for word in words)
    assert any(word.isascii() for word in words)
    assert any("一" <= character <= "鿿" for word in words for character in word)


def test_some_words_occur_twice(train):
    twice = [row.sentence.count(row.subject_entity["word"]) > 1 for row in train.itertuples()]
    assert sum(twice) > 20


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


def test_words_of_a_pair_differ(train, unlabelled):
    for rows in (train, unlabelled):
        for row in rows.itertuples():
            assert row.subject_entity["word"] != row.object_entity["word"]
