"""How a validation part mirrors the whole."""

import numpy as np
import pytest

from klue_pipeline.training.splitting.fold_balance import (
    label_distance,
    labels_missing_from_training,
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
