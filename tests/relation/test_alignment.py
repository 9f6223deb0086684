"""How members and blend are judged, also when they were scored on different folds."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.alignment import rows_common_to_all
from klue_pipeline.relation.blend_report import report_blend
from klue_pipeline.relation.ensemble import Selection, soft_vote
from klue_pipeline.relation.params import LabelSet
from klue_pipeline.relation.scores import ScoreTable

LABELS = LabelSet(names=["no_relation", "per:title"], negative="no_relation")
GOLD = pd.Series(["per:title"] * 3, index=["a", "b", "c"])


def scores(row_ids, folds, share_of_title=0.5):
    """Out-of-fold scores that give the second label one share, or one share per row."""
    share = np.broadcast_to(share_of_title, len(row_ids))
    logits = np.log(np.stack([1 - share, share], axis=1)).astype(np.float32)
    ids = np.array(list(row_ids), dtype=object)
    return ScoreTable(ids, logits, tuple(LABELS.names), np.array(folds), {"rows": "1"})


def select(**tables):
    return Selection(tables, {}, {"odd": "its rows differ"})


def test_members_are_judged_alone_and_the_blend_on_their_mean():
    selection = select(
        one=scores("abc", [0, 0, 1], [0.9, 0.4, 0.4]), two=scores("cab", [1, 0, 0], [0.3, 0.9, 0.7])
    )
    report = report_blend(selection, soft_vote, GOLD, LABELS)
    accuracies = {name: own["accuracy"] for name, own in report["members"].items()}
    assert accuracies == pytest.approx({"one": 100 / 3, "two": 200 / 3})
    # Means of the second label: a 0.9, b 0.55, c 0.35.
    assert report["out_of_fold"]["accuracy"] == pytest.approx(200 / 3)
    assert report["out_of_fold"]["loss"] == pytest.approx(-np.log([0.9, 0.55, 0.35]).mean())
    assert report["skipped"] == {"odd": "its rows differ"}


def test_the_blend_is_judged_on_the_rows_all_members_have(caplog):
    selection = select(whole=scores("abc", [0, 0, 1]), quick=scores("ab", [0, 0]))
    report = report_blend(selection, soft_vote, GOLD, LABELS)
    assert report["out_of_fold"]["rows"] == 2
    assert {name: own["rows"] for name, own in report["members"].items()} == {
        "whole": 3,
        "quick": 2,
    }
    assert "2 common rows only" in caplog.text


def test_members_without_common_rows_leave_the_blend_unjudged():
    report = report_blend(select(a=scores("a", [0]), b=scores("b", [1])), soft_vote, GOLD, LABELS)
    assert report["out_of_fold"] is None
    assert list(report["members"]) == ["a", "b"]


def test_rows_common_to_all_are_aligned_by_row_and_fold():
    whole = scores("abca", [0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4])
    part = scores("acb", [1, 1, 0], [0.5, 0.6, 0.7])
    first, second = rows_common_to_all([whole, part])
    assert first.row_ids.tolist() == second.row_ids.tolist() == ["b", "c", "a"]
    assert first.folds.tolist() == second.folds.tolist() == [0, 1, 1]
    np.testing.assert_array_equal(first.logits, whole.logits[[1, 2, 3]])
    np.testing.assert_array_equal(second.logits, part.logits[[2, 1, 0]])
