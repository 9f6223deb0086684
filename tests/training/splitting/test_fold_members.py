"""Which rows a fold has, and how its parts mirror each other."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.training.splitting.fold_members import (
    label_distance,
    labels_missing_from_training,
    tabulate_members,
    training_and_validation_rows,
    validation_row_ids,
)

LABELS = np.array(["a", "a", "a", "b", "b", "c"], dtype=object)


def mask(*positions):
    is_validation = np.zeros(len(LABELS), dtype=bool)
    is_validation[list(positions)] = True
    return is_validation


@pytest.mark.parametrize(
    ("positions", "wanted"),
    [
        (range(6), 0.0),
        ((5,), 5 / 6),  # |0 - 1/2| + |0 - 1/3| + |1 - 1/6| = 5/3
        ((0, 3), 1 / 6),  # |1/2 - 1/2| + |1/2 - 1/3| + |0 - 1/6| = 1/3
    ],
)
def test_distance_by_hand(positions, wanted):
    assert label_distance(LABELS, mask(*positions)) == pytest.approx(wanted)


def test_labels_missing_from_training():
    assert labels_missing_from_training(LABELS, mask(0, 3)) == []
    assert labels_missing_from_training(LABELS, mask(5, 4, 3, 0)) == ["b", "c"]


def test_members_are_in_order_of_fold_then_table():
    row_ids = pd.Series(["r5", "r1", "r3", "r2"], index=[8, 8, 0, 1])
    members = tabulate_members(row_ids, [np.array([1, 3]), np.array([0, 2, 3])])
    assert members["fold"].tolist() == [0, 0, 1, 1, 1]
    assert members["row_id"].tolist() == ["r1", "r2", "r5", "r3", "r2"]
    assert members["fold"].dtype == np.int64


def test_repeated_row_ids_are_refused():
    with pytest.raises(ValueError, match="Row ids b occur more than once"):
        tabulate_members(pd.Series(["a", "b", "b"]), [np.array([0])])


MEMBERS = pd.DataFrame({"fold": [0, 0, 1], "row_id": ["a", "c", "b"]})


def test_unknown_fold_names_those_present():
    assert validation_row_ids(MEMBERS, 0).tolist() == ["a", "c"]
    with pytest.raises(ValueError, match=r"no fold 2; the split has folds \[0, 1\]"):
        validation_row_ids(MEMBERS, 2)


def test_rows_of_a_fold():
    row_ids = pd.Series(["a", "b", "c", "d"], index=[3, 3, 1, 0])
    training, validation = training_and_validation_rows(row_ids, MEMBERS, 0)
    assert training.tolist() == [False, True, False, True]
    assert validation.tolist() == [True, False, True, False]


def test_augmented_rows_follow_their_origin():
    row_ids = pd.Series(["a", "b", "c", "a.swap", "b.swap"])
    origin_ids = pd.Series(["a", "b", "c", "a", "b"])
    training, validation = training_and_validation_rows(row_ids, MEMBERS, 0, origin_ids)
    assert training.tolist() == [False, True, False, False, True]
    assert validation.tolist() == [True, False, True, False, False]


def test_folds_of_another_run_are_refused():
    with pytest.raises(ValueError, match=r"Fold 0 validates on 1 row .*among them c"):
        training_and_validation_rows(pd.Series(["a", "b"]), MEMBERS, 0)
