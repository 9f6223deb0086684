"""What calibration says before and after, on rows that did not choose the temperature."""

import json

import numpy as np
import pytest
from scipy.special import softmax

from klue_pipeline.evaluation.calibration import (
    apply_fold_temperatures,
    cross_fitted_temperatures,
    expected_calibration_error,
    fit_temperature,
    log_loss,
    report_calibration,
)
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores

LABELS = ("no_relation", "per:title", "per:spouse")


def overconfident(n_rows, folds):
    """Scores twice as sharp as the labels that were drawn from them deserve."""
    generator = np.random.default_rng(0)
    honest = 2 * generator.normal(size=(n_rows, 3))
    gold = (softmax(honest, axis=1).cumsum(axis=1) > generator.random((n_rows, 1))).argmax(axis=1)
    ids = np.array([f"r{row}" for row in range(n_rows)], dtype=object)
    logits = (2 * honest).astype(np.float32)
    return LabelledScores(ScoreTable(ids, logits, LABELS, np.array(folds)), gold, 0)


def test_the_numbers_after_are_those_of_the_folds_own_temperatures():
    labelled = overconfident(2000, np.arange(2000) % 4)
    scores, gold = labelled.table, labelled.truth
    report, _ = report_calibration(labelled)
    by_fold = cross_fitted_temperatures(labelled)
    scaled = apply_fold_temperatures(scores, by_fold)
    assert report == {
        "temperature": fit_temperature(scores.logits, gold),
        "fold_temperatures": {f"fold_{fold}": by_fold[fold] for fold in range(4)},
        "ece_before": expected_calibration_error(scores.probabilities, gold),
        "ece_after": expected_calibration_error(scaled.probabilities, gold),
        "loss_before": log_loss(scores.logits, gold),
        "loss_after": log_loss(scaled.logits, gold),
        "rows": 2000,
        "bins": 15,
    }
    assert report["temperature"] == pytest.approx(2, rel=0.1)
    assert report["ece_after"] < report["ece_before"] / 2
    assert report["loss_after"] < report["loss_before"]
    assert json.loads(json.dumps(report)) == report


def test_the_table_has_both_stages():
    report, table = report_calibration(overconfident(400, np.arange(400) % 4))
    assert table.columns.tolist() == [
        "stage", "low", "high", "rows", "share", "mean_confidence", "accuracy",
    ]  # fmt: skip
    assert table["stage"].tolist() == ["before"] * 15 + ["after"] * 15
    assert table.index.tolist() == list(range(30))
    gaps = table["share"] * (table["accuracy"] - table["mean_confidence"]).abs()
    assert gaps[:15].sum() == pytest.approx(report["ece_before"])
    assert gaps[15:].sum() == pytest.approx(report["ece_after"])


def test_a_single_hold_out_has_nothing_to_say_about_after():
    labelled = overconfident(100, np.zeros(100, dtype=np.int64))
    report, table = report_calibration(labelled)
    assert report["fold_temperatures"] == {"fold_0": None}
    assert report["ece_after"] is report["loss_after"] is None
    assert report["temperature"] == fit_temperature(labelled.table.logits, labelled.truth)
    assert table["stage"].unique().tolist() == ["before"]
