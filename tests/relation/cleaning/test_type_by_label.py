"""The published rewrite by label: only where asked for, only in training, and loudly."""

import logging

import pytest

from klue_pipeline.relation.cleaning.type_by_label import REWRITES

MARKED = "[[이순신]]은 <<수군>>을 이끌었다."


@pytest.fixture
def rewritten(as_rows, as_test, run, clean_params):
    def clean(label, object_type, subject_type="PER"):
        columns = {"label": label, "object_type": object_type, "subject_type": subject_type}
        train = as_rows([MARKED], **columns)
        return run(train, clean_params("type_by_label"), as_test(train))

    return clean


@pytest.mark.parametrize(
    ("label", "former", "new"),
    [
        ("per:date_of_birth", "NOH", "DAT"),
        ("per:place_of_death", "POH", "LOC"),
        ("per:title", "PER", "POH"),
        ("per:spouse", "LOC", "POH"),
        ("per:spouse", "PER", "PER"),
        ("org:member_of", "PER", "POH"),  # by the original's slip never rewritten
        ("org:alternate_names", "PER", "ORG"),
        ("no_relation", "DAT", "DAT"),
        ("per:date_of_birth", "NONE", "NONE"),
    ],
)
def test_object_types_follow_the_label(rewritten, label, former, new):
    result = rewritten(label, former)
    assert result.tables.train["object_type"].tolist() == [new]
    assert result.tables.train["type_pair"].tolist() == [f"PER:{new}"]


def test_subjects_of_organisations_become_organisations(rewritten):
    result = rewritten("org:members", "ORG")
    assert result.tables.train["subject_type"].tolist() == ["ORG"]


def test_no_row_is_rewritten_twice():
    for label, column, _, new in REWRITES:
        assert (label, column, new) not in {rule[:3] for rule in REWRITES}


def test_every_label_is_one_of_klue():
    from pathlib import Path

    import yaml

    path = Path(__file__).parents[3] / "conf/base/parameters_labels.yml"
    sets = yaml.safe_load(path.read_text(encoding="utf-8"))["label_sets"]
    assert {rule[0] for rule in REWRITES} <= set(sets["klue_30"]["names"])


def test_test_rows_are_left_alone_and_the_danger_is_logged(rewritten, caplog):
    with caplog.at_level(logging.WARNING):
        result = rewritten("per:date_of_birth", "NOH")
    assert result.tables.test["object_type"].tolist() == ["NOH"]
    assert "GOLD LABELS" in caplog.text
    assert "take type_by_label out of clean.rules" in caplog.text
