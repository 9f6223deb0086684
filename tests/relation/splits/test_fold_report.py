"""The report on a split: numbers by hand, JSON-able, logged."""

import json
import logging

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.splits.fold_report import report_folds
from klue_pipeline.training.params import FoldsParams

SENTENCES = pd.DataFrame(
    {
        "sentence": ["s0", "s1", "s1", "s3", "s4"],
        "pair_key": ["p0", "p1", "p2", "p0", "p4"],
        "label": ["a", "a", "b", "b", "c"],
    }
)
FOLDS = FoldsParams(strategy="kfold", n_splits=2, seed=7, validation_share=0.2)
PARTS = [np.array([0, 1, 4]), np.array([2, 3])]


def test_numbers_by_hand(caplog):
    with caplog.at_level(logging.INFO, "klue_pipeline"):
        report = report_folds(SENTENCES, PARTS, FOLDS)
    assert json.loads(json.dumps(report)) == report
    assert (report["strategy"], report["seed"]) == ("kfold", 7)
    assert (report["n_splits"], report["rows"]) == (2, 5)
    assert report["leak_rate"] == pytest.approx(4 / 5)  # rows 0, 1, 2 and 3
    first, second = report["folds"]
    assert first == {
        "fold": 0,
        "training_rows": 2,
        "validation_rows": 3,
        "shared_pair_share": pytest.approx(1 / 3),
        "shared_sentence_share": pytest.approx(1 / 3),
        "leak_rate": pytest.approx(2 / 3),
        "label_distance": pytest.approx(0.4),  # (4/15 + 2/5 + 2/15) / 2
        "labels_missing_from_training": ["a", "c"],
    }
    assert second["leak_rate"] == 1.0
    assert second["labels_missing_from_training"] == ["b"]
    assert "Fold 0: 2 training rows, 3 validation rows, 66.7% of these leak" in caplog.text
    assert "Fold 0 has no training rows of a, c" in caplog.text
    assert "leak rate 80.0%" in caplog.text
