"""Targets: which labels a model tells apart, and how a row's own label maps to them."""

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.targets import (
    TARGETS,
    map_gold,
    map_label_ids,
    take_answered,
    target_labels,
)
from klue_pipeline.relation.settings.params import TargetParams

LABELS = LabelSet(names=["per:title", "no_relation", "relation"], negative="no_relation")


def target(name):
    return TargetParams(name=name)


def test_every_legal_name_has_a_target():
    assert set(TARGETS) == set(get_args(TargetParams.model_fields["name"].annotation))


@pytest.mark.parametrize(
    ("name", "names", "negative", "ids"),
    [
        ("all", LABELS.names, "no_relation", [0, 1, 2]),
        ("binary", ["no_relation", "relation"], "no_relation", [1, 0, 1]),
        # A label that is called "relation" itself is one label among the positive ones.
        ("positive", ["per:title", "relation"], None, [0, -1, 1]),
    ],
)
def test_labels_and_ids(name, names, negative, ids):
    own = target_labels(LABELS, target(name))
    assert (own.names, own.negative) == (names, negative)
    assert map_label_ids(LABELS, target(name)).tolist() == ids


def test_gold_labels_keep_their_rows_and_lose_those_without_an_answer():
    gold = pd.Series(
        ["no_relation", "per:title", None, "relation"], index=["a", "b", "c", "d"], dtype="str"
    )
    assert map_gold(gold, LABELS, target("all")).to_dict() == gold.dropna().to_dict()
    assert map_gold(gold, LABELS, target("binary")).to_dict() == {
        "a": "no_relation", "b": "relation", "d": "relation",
    }  # fmt: skip
    assert map_gold(gold, LABELS, target("positive")).to_dict() == {
        "b": "per:title", "d": "relation",
    }  # fmt: skip


def test_labels_and_gold_say_the_same():
    gold = pd.Series(LABELS.names, index=LABELS.names)
    for name in TARGETS:
        own = target_labels(LABELS, target(name)).names
        by_name = map_gold(gold, LABELS, target(name)).map(own.index)
        by_id = pd.Series(map_label_ids(LABELS, target(name)), index=LABELS.names)
        pd.testing.assert_series_equal(by_name, by_id[by_id >= 0], check_names=False)


@pytest.mark.parametrize("name", ["binary", "positive"])
def test_without_a_negative_label_there_are_no_halves(name):
    with pytest.raises(ValueError, match=r"no negative label.*set target\.name to all"):
        target_labels(LabelSet(names=["a", "b"], negative=None), target(name))


def test_rows_without_an_answer_are_left_out_and_rows_without_a_label_stay():
    gold = pd.Series(["no_relation", "per:title", None], index=["a", "b", "c"], dtype="str")
    row_ids = np.array(["c", "a", "b", "d"], dtype=object)
    scores = ScoreTable(row_ids, np.eye(4, 2, dtype=np.float32), ("per:title", "relation"))
    kept, answers = take_answered(scores, gold, LABELS, target("positive"))
    assert kept.row_ids.tolist() == ["c", "b", "d"]
    assert kept.logits.tolist() == scores.logits[[0, 2, 3]].tolist()
    assert answers.to_dict() == {"b": "per:title"}
    everything, _ = take_answered(scores, gold, LABELS, target("all"))
    assert everything.row_ids.tolist() == row_ids.tolist()


def test_a_label_of_another_label_set_is_refused():
    gold = pd.Series(["no_relation", "org:founded"], index=["a", "b"], dtype="str")
    with pytest.raises(ValueError, match=r"\['org:founded'\] that the label set does not have"):
        map_gold(gold, LABELS, target("binary"))
