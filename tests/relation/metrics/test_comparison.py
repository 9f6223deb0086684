"""The difference of two models on the same draws, and what its interval promises."""

from dataclasses import replace

import numpy as np
import pytest

from klue_pipeline.evaluation.intervals import Interval
from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.comparison import compare_scores
from klue_pipeline.relation.metrics.klue import auprc

LABELS = LabelSet(names=["no_relation", "per:title", "per:spouse", "org:members"],
                  negative="no_relation")  # fmt: skip
N_LABELS = len(LABELS.names)


def make_scores(logits, folds=0, fingerprint="1"):
    ids = np.array([f"row-{number}" for number in range(len(logits))], dtype=object)
    fold_numbers = np.broadcast_to(folds, len(logits)).astype(np.int64)
    return ScoreTable(ids, np.asarray(logits, dtype=np.float32), tuple(LABELS.names), fold_numbers,
                      {"rows": fingerprint})  # fmt: skip


def draw_case(n_rows, seed, skill=1.0, n_values=4):
    """Gold ids, and scores that know them a little; few values, so that there are many ties."""
    generator = np.random.default_rng(seed)
    gold = generator.integers(N_LABELS, size=n_rows)
    logits = generator.integers(n_values, size=(n_rows, N_LABELS)).astype(np.float64)
    logits[np.arange(n_rows), gold] += skill
    return gold, make_scores(logits)


def compare(challenger, reference, gold, n_resamples=300, seed=7):
    """Compare tables whose row ids end in the place of their true label."""
    truths = [gold[[int(row_id[4:]) for row_id in table.row_ids]]
              for table in (challenger, reference)]  # fmt: skip
    models = [
        LabelledScores(*pair, 0) for pair in zip((challenger, reference), truths, strict=True)
    ]
    return compare_scores(*models, n_resamples=n_resamples, seed=seed)


def test_both_models_are_judged_on_the_same_draws():
    """A naive loop over the same seed: drawing for each model anew would widen the interval."""
    gold, better = draw_case(60, seed=1, skill=2.0)
    _, worse = draw_case(60, seed=2)
    found = compare(better, worse, gold, n_resamples=20, seed=5)
    generator, differences = np.random.default_rng(5), []
    for _ in range(20):
        rows = generator.integers(60, size=60)
        first, second = (auprc(gold[rows], own.probabilities[rows]) for own in (better, worse))
        differences.append(first - second)
    # Around the difference itself, wherever the draws lie.
    moved = found["auprc"].difference - np.mean(differences)
    wanted = np.quantile(differences, [0.025, 0.975]) + moved
    assert (found["auprc"].low, found["auprc"].high) == pytest.approx(tuple(wanted))


def test_the_same_scores_differ_by_nothing():
    gold, scores = draw_case(50, seed=3)
    assert compare(scores, scores, gold) == {
        "micro_f1": Interval(0.0, 0.0, 0.0),
        "auprc": Interval(0.0, 0.0, 0.0),
        "accuracy": Interval(0.0, 0.0, 0.0),
    }


def test_the_interval_covers_a_shift_that_is_known():
    """A model that errs on one row in ten against one that errs on two in ten."""
    generator = np.random.default_rng(0)
    gold = generator.integers(1, N_LABELS, size=1000)

    def with_errors(share):
        wrong = generator.random(1000) < share
        predicted = np.where(wrong, gold % (N_LABELS - 1) + 1, gold)
        return make_scores(5 * np.eye(N_LABELS)[predicted])

    interval = compare(with_errors(0.1), with_errors(0.2), gold)["micro_f1"]
    assert interval.low < 10 < interval.high
    assert interval.low < interval.difference < interval.high
    assert interval.excludes_zero
    # The difference of two independent shares: its standard error is 1.58 points.
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 1.58, rel=0.15)


def test_the_sign_is_that_of_the_first_model_minus_the_second():
    gold, better = draw_case(80, seed=1, skill=3.0)
    _, worse = draw_case(80, seed=2)
    for name, forward in compare(better, worse, gold).items():
        backward = compare(worse, better, gold)[name]
        assert forward.low > 0
        assert (backward.difference, backward.low, backward.high) == pytest.approx(
            (-forward.difference, -forward.high, -forward.low)
        )
        assert backward.excludes_zero


def test_a_seed_makes_the_interval_and_chunks_do_not(monkeypatch):
    gold, better = draw_case(40, seed=1, skill=2.0)
    _, worse = draw_case(40, seed=2)
    whole = compare(better, worse, gold, seed=1)
    assert compare(better, worse, gold, seed=2) != whole
    monkeypatch.setattr("klue_pipeline.evaluation.intervals._CHUNK_WEIGHTS", 40 * 7)
    in_pieces = compare(better, worse, gold, seed=1)
    for name, wanted in whole.items():
        assert in_pieces[name].low == pytest.approx(wanted.low)
        assert in_pieces[name].high == pytest.approx(wanted.high)


def test_only_rows_that_both_scored_count_in_any_order():
    gold, better = draw_case(60, seed=1, skill=2.0)
    _, worse = draw_case(60, seed=2)
    half, order = np.arange(30), np.random.default_rng(0).permutation(60)
    wanted = compare(better.take(half), worse.take(half), gold, n_resamples=50)
    assert compare(better.take(half), worse.take(order), gold, n_resamples=50) == wanted


def test_a_sentence_that_two_folds_held_out_is_drawn_once_for_both():
    """Twice the same rows are no more evidence than once: the interval stays as wide."""
    gold, better = draw_case(60, seed=1, skill=2.0)
    _, worse = draw_case(60, seed=2)

    def twice(scores):
        return replace(
            scores,
            row_ids=np.tile(scores.row_ids, 2),
            logits=np.tile(scores.logits, (2, 1)),
            folds=np.repeat([0, 1], 60),
        )

    once = compare(better, worse, gold, n_resamples=100)
    repeated = compare(twice(better), twice(worse), gold, n_resamples=100)
    assert repeated["micro_f1"].low == pytest.approx(once["micro_f1"].low)
    assert repeated["micro_f1"].high == pytest.approx(once["micro_f1"].high)


def test_what_cannot_be_compared_is_refused():
    gold, scores = draw_case(20, seed=1)
    with pytest.raises(ValueError, match="rows is 1 in one and 2 in the other"):
        compare(scores, replace(scores, fingerprint={"rows": "2"}), gold)
    with pytest.raises(ValueError, match="no row in common; train the same folds"):
        compare(scores, replace(scores, folds=np.ones(20, dtype=np.int64)), gold)
    with pytest.raises(ValueError, match="different labels"):
        compare(scores, replace(scores, labels=("a", "b", "c", "d")), gold)
    with pytest.raises(ValueError, match="n_resamples=0; at least 1"):
        compare(scores, scores, gold, n_resamples=0)
