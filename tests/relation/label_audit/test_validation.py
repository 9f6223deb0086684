"""Flipped labels that were found: numbers by hand, and scikit-learn's average precision."""

import json
import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.label_audit import Judgement, validate_audit
from klue_pipeline.relation.label_audit.validation import average_precision
from klue_pipeline.relation.settings.params import TargetParams

TASK = LabelSet(names=["no_relation", "per:spouse", "per:title"], negative="no_relation")
ALL = TargetParams(name="all")


def changes(flips, rule="flip_labels", column="label"):
    """A table of changed rows: ``{"3": "per:title"}`` was ``per:title`` before."""
    return pd.DataFrame(
        {
            "file": "train",
            "row_id": list(flips),
            "rule": rule,
            "column": column,
            "before": list(flips.values()),
            "after": "per:spouse",
        },
        columns=["file", "row_id", "rule", "column", "before", "after"],
    )


@pytest.fixture
def ten_rows(make_audited):
    """Ten rows given per:spouse, ranked 9, 8, … 0; rows 9 and 6 are issues."""
    audited = make_audited([1] * 10, np.full((10, 3), 1 / 3), names=TASK.names)
    judgement = Judgement(
        is_issue=np.isin(np.arange(10), [9, 6]),
        self_confidence=np.zeros(10),
        suggested=np.array([0, 0, 0, 0, 0, 0, 0, 0, 0, 2]),
        suggested_probability=np.zeros(10),
        order=np.arange(10)[::-1],
        joint=np.zeros((3, 3), dtype=np.int64),
    )
    return audited, judgement


def test_precision_and_recall_worked_by_hand(ten_rows):
    """Rows 9, 7 and 0 are wrong: ranks 1, 3 and 10."""
    flips = changes({"9": "per:title", "7": "per:title", "0": "no_relation"})
    found = validate_audit(*ten_rows, flips, TASK, ALL)
    assert (found["flipped_rows"], found["audited_flipped_rows"]) == (3, 3)
    assert found["flipped_share"] == pytest.approx(0.3)
    assert found["average_precision"] == pytest.approx((1 + 2 / 3 + 3 / 10) / 3)
    assert [(top["rows"], top["found"]) for top in found["top"]] == [(1, 1), (3, 2)]
    assert found["top"][1] == pytest.approx(
        {
            "rows": 3, "share": 0.3, "found": 2, "precision": 2 / 3, "recall": 2 / 3,
            "precision_by_chance": 0.3, "recall_by_chance": 0.3,
        }
    )  # fmt: skip
    assert found["issues"]["rows"] == 2
    assert found["issues"]["precision"] == pytest.approx(0.5)
    assert found["issues"]["recall"] == pytest.approx(1 / 3)
    assert found["suggestion_is_true_share"] == pytest.approx(2 / 3)  # not row 7
    assert [point["rows"] for point in found["curve"]] == list(range(1, 11))
    assert found["curve"][-1]["recall"] == 1
    json.dumps(found, allow_nan=False)


def test_one_three_and_five_percent_of_the_rows(make_audited):
    audited = make_audited([1] * 1000, np.full((1000, 3), 1 / 3), names=TASK.names)
    judgement = Judgement(
        np.zeros(1000, dtype=bool), np.zeros(1000), np.zeros(1000, dtype=int), np.zeros(1000),
        np.arange(1000), np.zeros((3, 3), dtype=np.int64),
    )  # fmt: skip
    flips = changes({str(row): "per:title" for row in range(0, 40, 2)})
    found = validate_audit(audited, judgement, flips, TASK, ALL)
    tops = {top["rows"]: top["found"] for top in found["top"]}
    assert tops == {10: 5, 20: 10, 30: 15, 50: 20}
    assert found["issues"]["precision"] == 0  # there are none


@given(st.lists(st.booleans(), min_size=1, max_size=60).filter(any))
@settings(deadline=None)
def test_average_precision_is_that_of_scikit_learn(wrong):
    ranked = -np.arange(len(wrong))
    wanted = average_precision_score(wrong, ranked)
    assert average_precision(np.cumsum(wrong)) == pytest.approx(wanted)


@pytest.mark.parametrize(
    "changed",
    [
        changes({}),
        changes({"9": "사람"}, rule="repair_types"),
        changes({"9": "이순신"}, column="subject_text"),
        changes({}).astype(
            {"row_id": "float64", "before": "float64"}
        ),  # as an empty CSV reads back
    ],
)
def test_nothing_is_validated_unless_labels_were_flipped(ten_rows, changed):
    assert validate_audit(*ten_rows, changed, TASK, ALL) is None


def test_flipped_rows_that_were_not_audited_are_only_counted(ten_rows):
    found = validate_audit(*ten_rows, changes({"9": "per:title", "77": "per:title"}), TASK, ALL)
    assert (found["flipped_rows"], found["audited_flipped_rows"]) == (2, 1)


def test_no_audited_flip_is_said(ten_rows, caplog):
    with caplog.at_level(logging.WARNING):
        assert validate_audit(*ten_rows, changes({"77": "per:title"}), TASK, ALL) is None
    assert "1 labels were flipped, but none of an audited row" in caplog.text


def test_another_relation_is_no_error_to_a_binary_model(ten_rows, make_audited):
    names = ["no_relation", "relation"]
    audited = make_audited([1] * 10, np.full((10, 2), 0.5), names=names)
    flips = changes({"9": "per:title", "8": "no_relation"})
    found = validate_audit(audited, ten_rows[1], flips, TASK, TargetParams(name="binary"))
    assert (found["flipped_rows"], found["audited_flipped_rows"]) == (2, 1)
    assert found["average_precision"] == pytest.approx(1 / 2)  # row 8 is second
    assert found["suggestion_is_true_share"] == 1


def test_a_row_that_had_no_relation_is_an_error_that_no_relation_corrects(ten_rows, make_audited):
    names = ["per:spouse", "per:title"]
    audited = make_audited([0] * 10, np.full((10, 2), 0.5), names=names)
    flips = changes({"9": "no_relation", "8": "per:title"})
    found = validate_audit(audited, ten_rows[1], flips, TASK, TargetParams(name="positive"))
    assert found["audited_flipped_rows"] == 2
    assert found["suggestion_is_true_share"] == 0


def test_a_former_label_of_another_label_set_is_refused(ten_rows):
    with pytest.raises(ValueError, match="인물:직업"):
        validate_audit(*ten_rows, changes({"9": "인물:직업"}), TASK, ALL)


def test_a_row_flipped_twice_is_refused(ten_rows):
    twice = pd.concat([changes({"9": "per:title"}), changes({"9": "no_relation"})])
    with pytest.raises(ValueError, match="'9' is repeated"):
        validate_audit(*ten_rows, twice, TASK, ALL)
