"""Score tables against true labels."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import gold_by_row, label_scores
from klue_pipeline.relation.metrics.evaluation import (
    confusion_counts,
    evaluate_by_fold,
    evaluate_known_rows,
    evaluate_scores,
    per_label_table,
    row_shares,
)
from klue_pipeline.relation.metrics.klue import score_metrics

LABELS = LabelSet(names=["no_relation", "per:title", "org:members"], negative="no_relation")


def score_rows(predictions, folds=None, row_ids=None):
    """Scores that predict the given label ids with a margin that differs by row."""
    logits = np.eye(3, dtype=np.float32)[list(predictions)]
    logits *= np.linspace(1, 2, len(logits), dtype=np.float32)[:, None]
    ids = row_ids or [str(row) for row in range(len(logits))]
    folds = None if folds is None else np.array(folds)
    return ScoreTable(np.array(ids, dtype=object), logits, tuple(LABELS.names), folds)


def gold_of(*label_ids):
    labels = [None if label_id is None else LABELS.names[label_id] for label_id in label_ids]
    rows = pd.DataFrame({"row_id": [str(row) for row in range(len(labels))], "label": labels})
    return gold_by_row(rows)


def test_labels_are_looked_up_by_row_id_whatever_the_order():
    scores, gold = score_rows([0, 1, 2, 1]), gold_of(0, 1, 1, 2)
    metrics = evaluate_scores(label_scores(scores, gold.sample(frac=1, random_state=0), LABELS))
    assert metrics == {**score_metrics(scores.logits, [0, 1, 1, 2], 0), "rows": 4}
    assert metrics["micro_f1"] == pytest.approx(100 / 3)


def test_rows_that_were_not_scored_do_not_count():
    assert (
        evaluate_scores(label_scores(score_rows([1, 1]), gold_of(1, 1, 2, 2, 2), LABELS))["rows"]
        == 2
    )


def test_a_row_held_out_by_two_folds_counts_twice():
    scores = score_rows([1, 2, 0], folds=[0, 1, 1], row_ids=["0", "0", "1"])
    gold = gold_of(1, 0)
    assert evaluate_scores(label_scores(scores, gold, LABELS))["accuracy"] == pytest.approx(200 / 3)
    by_fold = evaluate_by_fold(label_scores(scores, gold, LABELS))
    assert {name: (own["rows"], own["accuracy"]) for name, own in by_fold.items()} == {
        "fold_0": (1, 100.0),
        "fold_1": (2, 50.0),
    }


def test_folds_keep_their_numbers_when_only_some_ran():
    by_fold = evaluate_by_fold(
        label_scores(score_rows([1, 1], folds=[3, 12]), gold_of(1, 0), LABELS)
    )
    assert list(by_fold) == ["fold_3", "fold_12"]


def test_test_scores_have_no_folds():
    with pytest.raises(ValueError, match="without folds"):
        evaluate_by_fold(label_scores(score_rows([1]), gold_of(1), LABELS))


def test_per_label_table_is_scikit_learns():
    rng = np.random.default_rng(0)
    gold_ids, predicted = rng.integers(0, 3, size=(2, 50))
    table = per_label_table(label_scores(score_rows(predicted), gold_of(*gold_ids), LABELS))
    precision, recall, f1, support = precision_recall_fscore_support(gold_ids, predicted)
    assert table["label"].tolist() == LABELS.names
    assert table["support"].tolist() == support.tolist()
    assert table["predicted"].tolist() == np.bincount(predicted).tolist()
    for column, expected in {"precision": precision, "recall": recall, "f1": f1}.items():
        np.testing.assert_allclose(table[column], expected * 100)


def test_undefined_values_of_a_label_are_missing_and_not_zero():
    table = per_label_table(
        label_scores(score_rows([0, 2, 0]), gold_of(0, 0, 1), LABELS)
    ).set_index("label")
    assert table.loc["per:title", ["support", "predicted", "recall", "f1"]].tolist() == [1, 0, 0, 0]
    assert np.isnan(table.loc["per:title", "precision"])
    assert table.loc["org:members", ["precision", "f1"]].tolist() == [0, 0]
    assert table.loc["org:members", ["recall", "auprc"]].isna().all()


def test_confusion_has_true_labels_down_and_predicted_ones_across():
    gold_ids, predicted = [0, 0, 0, 1], [0, 2, 2, 1]
    counts = confusion_counts(label_scores(score_rows(predicted), gold_of(*gold_ids), LABELS))
    np.testing.assert_array_equal(counts, confusion_matrix(gold_ids, predicted, labels=range(3)))
    np.testing.assert_allclose(row_shares(counts), [[1 / 3, 0, 2 / 3], [0, 1, 0], [0, 0, 0]])


def test_only_rows_with_a_known_label_are_judged_and_the_rest_is_named(caplog):
    metrics = evaluate_known_rows(score_rows([1, 1, 2]), gold_of(1, None, 2), LABELS)
    assert metrics["rows"] == 2
    assert "1 of 3 rows have no true label" in caplog.text


def test_no_known_label_gives_no_metrics():
    empty = gold_by_row(pd.DataFrame({"row_id": [], "label": []}, dtype=object))
    assert evaluate_known_rows(score_rows([1]), empty, LABELS) is None
    assert evaluate_known_rows(score_rows([1]), gold_of(None), LABELS) is None


@pytest.mark.parametrize(
    ("gold", "labels", "message"),
    [
        (gold_of(0), LABELS, r"1 scored row without a true label.*'1'"),
        (gold_of(0, None), LABELS, r"1 scored row without a true label.*'1'"),
        (pd.Series(["no_relation", "x"], index=["0", "1"]), LABELS, "of the label set"),
        (gold_of(0, 0), LabelSet(names=LABELS.names[::-1], negative=None), "this label set"),
    ],
)
def test_labels_that_do_not_fit_are_refused(gold, labels, message):
    with pytest.raises(ValueError, match=message):
        evaluate_scores(label_scores(score_rows([0, 0]), gold, labels))


def test_repeated_row_ids_of_true_labels_are_refused():
    rows = pd.DataFrame({"row_id": ["7", "7"], "label": ["a", "b"]})
    with pytest.raises(ValueError, match="'7' is repeated"):
        gold_by_row(rows)
