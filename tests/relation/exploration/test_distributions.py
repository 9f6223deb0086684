"""Label, source, type and place shares: numbers by hand, and what is missing."""

import logging

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.exploration.distributions import (
    FEATURES,
    estimate_label_shares,
    measure_number,
    summarise_shares,
    tabulate_label_shares,
    tabulate_shares,
    tabulate_type_pairs,
)


def make_scores(row_ids, labels, seed=0):
    logits = np.random.default_rng(seed).normal(size=(len(row_ids), len(labels.names)))
    ids = np.array(row_ids, dtype=object)
    return ScoreTable(ids, logits.astype(np.float32), tuple(labels.names))


def test_label_shares_of_training_rows_are_counted(train, test, labels):
    table = tabulate_label_shares(train, test, labels, None).set_index("label")
    assert table.index.tolist() == labels.names
    assert table.loc["per:employee_of", "train_rows"] == 2
    assert table.loc["per:employee_of", "train_share"] == pytest.approx(2 / 16)
    assert table.loc["per:religion", "train_rows"] == 0
    assert table["train_rows"].sum() == 16
    assert table["estimated_test_share"].isna().all()


def test_test_labels_are_estimated_by_the_mean_probability_of_usable_rows(train, test, labels):
    scores = make_scores([*test["row_id"][::-1], "another row"], labels)
    estimate = tabulate_label_shares(train, test, labels, scores)["estimated_test_share"]
    usable = test["row_id"][:-1].tolist()
    expected = scores.in_order_of(usable).probabilities.mean(axis=0)
    np.testing.assert_allclose(estimate, expected)
    assert estimate.sum() == pytest.approx(1)


def test_no_test_label_is_ever_read(train, test, labels):
    """Gold labels that stand in the test file change nothing."""
    scores = make_scores(test["row_id"].tolist(), labels)
    plain = tabulate_label_shares(train, test, labels, scores)
    with_gold = tabulate_label_shares(train, test.assign(label="per:spouse"), labels, scores)
    pd.testing.assert_frame_equal(plain, with_gold)


@pytest.mark.parametrize("case", ["other labels", "other rows", "no rows"])
def test_scores_that_do_not_fit_give_no_estimate_and_say_why(test, labels, caplog, case):
    two = LabelSet(names=["no_relation", "relation"], negative="no_relation")
    given = {
        "other labels": (make_scores(test["row_id"].tolist(), two), test),
        "other rows": (make_scores(["x", "y"], labels), test),
        "no rows": (make_scores(["x", "y"], labels), test[:0]),
    }
    scores, rows = given[case]
    with caplog.at_level(logging.WARNING):
        assert estimate_label_shares(scores, rows, labels) is None
    assert "No label shares are estimated" in caplog.text


def test_shares_of_every_feature_by_hand(train, test):
    shares = tabulate_shares(train, test)
    assert shares["feature"].unique().tolist() == list(FEATURES)
    for _, table in shares.groupby("feature"):
        assert (table["train_rows"].sum(), table["test_rows"].sum()) == (16, 8)
        assert table[["train_share", "test_share"]].sum().tolist() == pytest.approx([1, 1])
    found = shares.set_index(["feature", "value"])
    assert found.loc[("source", "policy_briefing"), "train_rows"] == 1
    assert found.loc[("source", "policy_briefing"), "test_rows"] == 1
    assert found.loc[("type_pair", "ORG:NOH"), "test_share"] == 0
    order = found.loc["entity_order"]["train_rows"]
    assert order.to_dict() == {"subject first": 9, "object first": 7}


def test_bins_stand_in_their_order(train, test):
    shares = tabulate_shares(train, test)
    values = shares.loc[shares["feature"] == "entity_distance", "value"].tolist()
    assert values == ["0 to 4", "5 to 9", "10 to 19", "20 to 39", "40 to 79", "80 or more"]


def test_distance_of_a_length_by_hand():
    """Two of four training rows would have to go to another bin; 1 and 4 are in the same one."""
    rows = pd.DataFrame(
        {
            "split": ["train"] * 4 + ["test"] * 2,
            "entity_distance": [1, 2, 7, 90, 4, 0],
            "tokens": [40, 40, 41, 300, 300, 45],
        }
    )
    assert measure_number(rows, "entity_distance").total_variation == pytest.approx(0.5)
    assert measure_number(rows, "tokens").total_variation == pytest.approx(0.25)
    assert measure_number(rows[:4], "tokens") is None


def test_summary_names_what_one_file_lacks(train, test):
    summary = summarise_shares(tabulate_shares(train, test))
    assert {"ORG:PER", "PER:POH", "ORG:NOH"} <= set(summary["type_pair"]["only_in_train"])
    assert summary["type_pair"]["only_in_test"] == ["ORG:ORG"]
    assert 0 < summary["type_pair"]["total_variation_distance"] < 1
    assert summary["type_pair"]["distance_by_chance"] > 0


@pytest.mark.parametrize("side", ["train", "test", "both"])
def test_what_a_file_does_not_state_has_no_distance(train, test, side):
    files = {"train": train, "test": test}
    for name in files if side == "both" else [side]:
        files[name] = files[name].assign(
            source=pd.Series([None] * len(files[name]), dtype="str"),
            subject_type="NONE", object_type="NONE", type_pair="NONE:NONE",
        )  # fmt: skip
    summary = summarise_shares(tabulate_shares(files["train"], files["test"]))
    for feature in ("source", "subject_type", "object_type", "type_pair"):
        assert summary[feature]["total_variation_distance"] is None
    assert summary["entity_order"]["total_variation_distance"] is not None


def test_without_test_rows_nothing_is_compared(train, test):
    shares = tabulate_shares(train, test[:0])
    assert shares["test_share"].isna().all()
    assert {line["total_variation_distance"] for line in summarise_shares(shares).values()} == {
        None
    }


def test_type_pairs_of_each_label(train, labels):
    table = tabulate_type_pairs(train, labels).set_index("label")
    assert table.index.tolist() == labels.names
    assert table.loc["per:title", ["rows", "PER:POH", "ORG:PER"]].tolist() == [2, 2, 0]
    assert table.loc["per:religion"].sum() == 0
    pairs = table.columns[1:]
    assert table[pairs].sum(axis=1).tolist() == table["rows"].tolist()
    assert table[pairs].sum().is_monotonic_decreasing
