"""Many labellings of the same scores, each against the metrics themselves."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.relabelled_metrics import RelabelledMetrics
from klue_pipeline.relation.metrics.resampled_metrics import METRICS

LABELS = ("no_relation", "per:title", "per:spouse", "org:members")
INF = np.inf


def make_scores(logits):
    ids = np.arange(len(logits)).astype(object)
    return ScoreTable(ids, np.asarray(logits, dtype=np.float32), LABELS)


@settings(max_examples=25, deadline=None)
@given(
    n_rows=st.integers(1, 40),
    n_values=st.integers(1, 5),
    seed=st.integers(0, 10**6),
    negative=st.sampled_from([None, 0, 2]),
)
def test_every_labelling_is_judged_by_the_metrics(n_rows, n_values, seed, negative):
    """With few values there are many ties, and with few rows labels that no row has."""
    generator = np.random.default_rng(seed)
    scores = make_scores(generator.integers(n_values, size=(n_rows, len(LABELS))))
    metrics = RelabelledMetrics(scores, negative)
    for gold in generator.integers(len(LABELS), size=(3, n_rows)):
        found, wanted = metrics(gold), score_metrics(scores.logits, gold, negative)
        assert list(found) == list(METRICS)
        assert found == pytest.approx({name: wanted[name] for name in METRICS}, abs=1e-9)


def test_by_hand():
    """Two rows tie for each label, and the third is told right."""
    metrics = RelabelledMetrics(make_scores([[0, 9, 0, 0], [0, 9, 0, 0], [9, 0, 0, 0]]), 0)
    # Label 1 ties on two rows, one of which has it; label 2 on all three.
    areas = [1.0, (1 + 1 / 2) / 2, (1 + 1 / 3) / 2]
    assert metrics(np.array([1, 2, 0])) == pytest.approx(
        {"micro_f1": 50.0, "auprc": 100 * np.mean(areas), "accuracy": 200 / 3}
    )
    assert metrics(np.array([1, 1, 0])) == pytest.approx(dict.fromkeys(METRICS, 100.0))


def test_a_label_that_is_ruled_out_comes_last():
    logits = np.array([[0, 1, -INF, 0], [0, -INF, 1, 0], [2, -INF, 0, 0]])
    for gold in ([1, 2, 0], [2, 1, 0]):
        wanted = score_metrics(logits, gold, 0)
        found = RelabelledMetrics(make_scores(logits), 0)(np.array(gold))
        assert found == pytest.approx({name: wanted[name] for name in METRICS})


def test_scores_that_are_not_numbers_are_refused():
    with pytest.raises(ValueError, match="1 of 2 rows have scores that are not numbers"):
        RelabelledMetrics(make_scores([[0, 1, 0, 0], [0, np.nan, 0, 0]]), 0)
