"""Which rows are audited, with which probabilities."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.label_audit import collect_rows
from klue_pipeline.relation.settings.params import TargetParams

LABELS = LabelSet(names=["no_relation", "per:spouse", "per:title"], negative="no_relation")
ALL = TargetParams(name="all")


def sentences(**labels):
    return pd.DataFrame({"row_id": list(labels), "label": list(labels.values())})


def score(probabilities, names=LABELS.names):
    """Scores by row id and fold; ``[("a", 0, [0.2, 0.8])]``."""
    ids, folds, rows = zip(*probabilities, strict=True)
    with np.errstate(divide="ignore"):
        logits = np.log(np.array(rows, dtype=np.float32))
    return ScoreTable(np.array(ids, dtype=object), logits, tuple(names), np.array(folds))


def test_rows_come_in_the_order_of_the_data_with_their_own_labels_and_probabilities():
    rows = sentences(a="per:title", b="no_relation", c="per:spouse", d="per:title")
    scores = score(
        [("d", 1, [0.1, 0.2, 0.7]), ("b", 0, [0.6, 0.3, 0.1]), ("a", 1, [0.5, 0.1, 0.4])]
    )
    audited = collect_rows(scores, rows, LABELS, ALL)
    assert audited.rows["row_id"].tolist() == ["a", "b", "d"]
    assert audited.given.tolist() == [2, 0, 2]
    wanted = [[0.5, 0.1, 0.4], [0.6, 0.3, 0.1], [0.1, 0.2, 0.7]]
    np.testing.assert_allclose(audited.probabilities, wanted, atol=1e-6)
    counts = (audited.n_rows, audited.n_unscored, audited.n_unanswered, audited.n_averaged)
    assert counts == (4, 1, 0, 0)


def test_rows_of_overlapping_folds_are_averaged():
    rows = sentences(a="per:title", b="no_relation")
    scores = score(
        [("a", 0, [0.0, 0.0, 1.0]), ("b", 0, [0.6, 0.3, 0.1]), ("a", 1, [0.5, 0.5, 0.0])]
    )
    audited = collect_rows(scores, rows, LABELS, ALL)
    np.testing.assert_allclose(audited.probabilities[0], [0.25, 0.25, 0.5], atol=1e-6)
    assert (len(audited), audited.n_averaged, audited.n_unscored) == (2, 1, 0)


def test_a_binary_model_is_audited_in_its_own_labels():
    rows = sentences(a="per:title", b="no_relation")
    scores = score([("a", 0, [0.3, 0.7]), ("b", 0, [0.6, 0.4])], ["no_relation", "relation"])
    audited = collect_rows(scores, rows, LABELS, TargetParams(name="binary"))
    assert audited.labels.names == ["no_relation", "relation"]
    assert audited.given.tolist() == [1, 0]


def test_rows_without_an_answer_are_left_out_and_counted():
    rows = sentences(a="per:title", b="no_relation", c="per:spouse", d="no_relation")
    names = ["per:spouse", "per:title"]
    scores = score([(row_id, 0, [0.3, 0.7]) for row_id in "abc"], names)
    audited = collect_rows(scores, rows, LABELS, TargetParams(name="positive"))
    assert audited.rows["row_id"].tolist() == ["a", "c"]
    assert audited.given.tolist() == [1, 0]
    assert (audited.n_unscored, audited.n_unanswered) == (1, 1)


def test_labels_a_head_forbids_have_probability_0():
    rows = sentences(a="per:title", b="no_relation")
    audited = collect_rows(
        score([("a", 0, [0.5, 0.5, 0.0]), ("b", 0, [1.0, 0.0, 0.0])]), rows, LABELS, ALL
    )
    assert audited.probabilities.tolist() == [[0.5, 0.5, 0.0], [1.0, 0.0, 0.0]]


def test_scores_of_a_diverged_model_are_refused():
    rows = sentences(a="per:title", b="no_relation")
    scores = score([("a", 0, [np.nan, 0.5, 0.5]), ("b", 0, [1.0, 0.0, 0.0])])
    with pytest.raises(ValueError, match=r"1 of 2 scored rows .* \['a'\]; the model has diverged"):
        collect_rows(scores, rows, LABELS, ALL)


def test_scores_of_other_rows_are_refused():
    scores = score([("x", 0, [0.5, 0.4, 0.1])])
    with pytest.raises(ValueError, match="1 scored row without a true label"):
        collect_rows(scores, sentences(a="per:title"), LABELS, ALL)


@pytest.mark.parametrize(
    ("probabilities", "names", "labels", "target", "message"),
    [
        ([0.5, 0.4, 0.1], LABELS.names, ("per:title", "per:title"), "all", "1 labels among 2 rows"),
        ([0.5, 0.5], LABELS.names[1:], ("no_relation",), "positive", "0 labels among 0 rows"),
    ],
)
def test_fewer_than_two_labels_cannot_be_audited(probabilities, names, labels, target, message):
    rows = dict(zip("ab", labels, strict=False))
    scores = score([(row_id, 0, probabilities) for row_id in rows], names)
    with pytest.raises(ValueError, match=f"Found {message}"):
        collect_rows(scores, sentences(**rows), LABELS, TargetParams(name=target))
