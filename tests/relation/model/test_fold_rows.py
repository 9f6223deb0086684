"""What one fold trains on, and what is counted there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.encoding.features import SCHEMA, Features
from klue_pipeline.relation.model.fold_rows import (
    answer_target,
    answered_rows,
    count_labels,
    find_legal_labels,
    list_entity_types,
    split_features,
)
from klue_pipeline.relation.settings.params import TargetParams

LABELS = LabelSet(names=["per:title", "no_relation", "per:spouse"], negative="no_relation")
# row, origin, label id, subject type, object type
ROWS = [
    ("a", "a", 0, "PER", "POH"),
    ("b", "b", 1, "PER", "ORG"),
    ("c", "c", 2, "PER", "PER"),
    ("d", "d", 1, "PER", "POH"),
    ("a2", "a", 0, "PER", "POH"),
    ("e", "e", -1, "ORG", None),
]
COLUMNS = ["row_id", "origin_id", "label_id", "subject_type", "object_type"]


@pytest.fixture
def features():
    known = dict(zip(COLUMNS, map(list, zip(*ROWS, strict=True)), strict=True))
    empty = {
        field.name: [[]] * len(ROWS) if pa.types.is_list(field.type) else [1] * len(ROWS)
        for field in SCHEMA
        if field.name not in known
    }
    table = pa.table({name: (known | empty)[name] for name in SCHEMA.names}, schema=SCHEMA)
    return Features(table, tuple(LABELS.names), {"rows": "r", "tokenizer": "t"})


def test_copies_train_where_their_origin_does_and_never_validate(features):
    members = pd.DataFrame({"fold": [0, 0, 1, 1, 1], "row_id": ["a", "b", "c", "d", "e"]})
    for fold, (trains, validates) in enumerate([("c d e", "a b"), ("a b a2", "c d e")]):
        training, validation = split_features(features, members, fold)
        assert training.row_ids.tolist() == trains.split()
        assert validation.row_ids.tolist() == validates.split()
        assert validation.fingerprint == features.fingerprint


def test_rows_of_weight_0_validate_but_do_not_train(features, caplog):
    place = SCHEMA.get_field_index("weight")
    weights = pa.array([0.0, 0.5, 1.0, 0.0, 0.0, 2.0], SCHEMA.field(place).type)
    weighted = replace(
        features, table=features.table.set_column(place, SCHEMA.field(place), weights)
    )
    members = pd.DataFrame({"fold": [0, 0, 1, 1, 1], "row_id": ["a", "b", "c", "d", "e"]})
    with caplog.at_level("INFO"):
        parts = [split_features(weighted, members, fold) for fold in (0, 1)]
    assert [training.row_ids.tolist() for training, _ in parts] == [["c", "e"], ["b"]]
    assert [held_out.row_ids.tolist() for _, held_out in parts] == [["a", "b"], ["c", "d", "e"]]
    assert caplog.messages == [
        "fold_0: 1 of 3 training rows have weight 0 and do not train",
        "fold_1: 2 of 3 training rows have weight 0 and do not train",
    ]


@pytest.mark.parametrize(
    ("name", "names", "ids"),
    [
        ("all", ("per:title", "no_relation", "per:spouse"), [0, 1, 2, 1, 0, -1]),
        ("binary", ("no_relation", "relation"), [1, 0, 1, 0, 1, -1]),
        ("positive", ("per:title", "per:spouse"), [0, -1, 1, -1, 0, -1]),
    ],
)
def test_rows_in_the_labels_of_a_target(features, name, names, ids):
    answered = answer_target(features, LABELS, TargetParams(name=name))
    assert answered.labels == names
    assert answered.table["label_id"].to_pylist() == ids
    assert answered.table.schema == features.table.schema
    assert features.table["label_id"].to_pylist() == [row[2] for row in ROWS]
    kept = answered_rows(answered)
    assert kept.row_ids.tolist() == [row[0] for row, own in zip(ROWS, ids, strict=True) if own >= 0]


def test_facts_are_those_of_the_rows_given(features):
    answered = answered_rows(features)
    assert count_labels(answered, 4).tolist() == [2, 2, 1, 0]
    assert list_entity_types(answered) == list_entity_types(features) == ("ORG", "PER", "POH")
    assert find_legal_labels(answered) == {"PER:ORG": (1,), "PER:PER": (2,), "PER:POH": (0, 1)}


def test_the_negative_label_is_legal_everywhere(features):
    legal = find_legal_labels(answered_rows(features), negative_id=1)
    assert legal == {"PER:ORG": (1,), "PER:PER": (1, 2), "PER:POH": (0, 1)}
    assert {type(label) for labels in legal.values() for label in labels} == {int}


def test_no_rows_have_no_facts(features):
    nothing = replace(features, table=features.table.slice(0, 0))
    assert count_labels(nothing, 3).tolist() == [0, 0, 0]
    assert list_entity_types(nothing) == ()
    assert find_legal_labels(nothing, 1) == {}
    assert answer_target(nothing, LABELS, TargetParams(name="binary")).labels[0] == "no_relation"
    np.testing.assert_array_equal(answered_rows(nothing).row_ids, [])
