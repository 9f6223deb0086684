"""The gain of a mean over its members, by hand and against the true labels of the test rows."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.intervals import Judgement
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.metrics.judgement import TargetPopulation
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.shift.averaging import (
    estimate_gain,
    gain_of_submission,
    spread_of_gain,
)

EQUAL = np.full(4, 0.25)


@pytest.fixture
def repeat_row(make_scores):
    """Return a function that repeats a model's probabilities of the first two labels."""

    def repeat(share_of_first, n_rows=2000):
        row = [share_of_first, 1 - share_of_first, 0, 0]
        with np.errstate(divide="ignore"):
            return make_scores(np.tile(np.log(row), (n_rows, 1)))

    return repeat


@pytest.fixture
def draw_folds(make_world, make_scores):
    """Return a function that draws test labels and three models that err each in its own way."""

    def draw(noise, shares=EQUAL, n_rows=2000, n_folds=3):
        gold, logits = make_world(2.0, EQUAL).draw(shares, n_rows, seed=1)
        generator = np.random.default_rng(2)
        errors = noise * generator.normal(size=(n_folds, *logits.shape))
        return gold, [make_scores(logits + own) for own in errors]

    return draw


def single_accuracy(folds, gold):
    return np.mean([score_metrics(own.logits, gold, 0)["accuracy"] for own in folds])


def test_the_gain_by_hand(repeat_row):
    """Two models that contradict each other, of which the mean believes the first to 0.6.

    Each is right on half of the labels that are then drawn, and the mean on 0.6 of them.
    """
    found = estimate_gain([repeat_row(0.8), repeat_row(0.4)], (EQUAL, EQUAL), 50, None, seed=1)
    assert found.gains["accuracy"] == pytest.approx(10, abs=1)
    assert found.gains["micro_f1"] == pytest.approx(found.gains["accuracy"])
    assert found.confidence_gap == pytest.approx(0, abs=1e-4)


def test_the_mean_is_brought_to_the_target_by_hand(repeat_row):
    # The second label is three times as frequent there: 0.6 to 0.4 becomes 0.6 to 1.2.
    target = np.array([0.125, 0.375, 0.25, 0.25])
    found = estimate_gain([repeat_row(0.8), repeat_row(0.4)], (EQUAL, target), 50, None, seed=1)
    assert found.gains["accuracy"] == pytest.approx(100 / 3 - 50, abs=1)


def test_a_mean_too_sure_of_itself_is_softened_by_hand(repeat_row):
    """Two of three models agree with the mean, which believes them to 0.7.

    A single one is then right on (0.7 + 0.7 + 0.3) / 3 of the labels. If it was right on 0.5333 of
    the out-of-fold rows, the mean has to believe 0.6, and gains 6.67 points instead of 13.33.
    """
    folds = [repeat_row(share) for share in (0.95, 0.9, 0.25)]
    unsoftened = estimate_gain(folds, (EQUAL, EQUAL), 100 * 1.7 / 3, None, seed=1)
    softened = estimate_gain(folds, (EQUAL, EQUAL), 100 * 1.6 / 3, None, seed=1)
    assert unsoftened.gains["accuracy"] == pytest.approx(70 - 170 / 3, abs=1)
    assert softened.gains["accuracy"] == pytest.approx(60 - 160 / 3, abs=1)
    assert softened.confidence_gap == 0


def test_a_promise_that_the_folds_do_not_believe_is_told_and_never_made_true(repeat_row):
    """They believe 56.67 points; nothing is sharpened to reach 70."""
    folds = [repeat_row(share) for share in (0.95, 0.9, 0.25)]
    found = estimate_gain(folds, (EQUAL, EQUAL), 70, None, seed=1)
    assert found.confidence_gap == pytest.approx(70 - 170 / 3, abs=0.01)
    assert found.gains["accuracy"] == pytest.approx(70 - 170 / 3, abs=1)


def test_less_accuracy_than_any_softening_explains_is_softened_as_far_as_allowed(repeat_row):
    found = estimate_gain([repeat_row(0.99)], (EQUAL, EQUAL), 1, None, seed=1)
    assert found.confidence_gap == 0


def test_identical_folds_gain_nothing(draw_folds):
    _, (fold, *_) = draw_folds(noise=1.0)
    found = estimate_gain([fold, fold, fold], (EQUAL, EQUAL), 70, 0, seed=1)
    assert list(found.gains) == ["micro_f1", "auprc", "accuracy"]
    assert list(found.gains.values()) == pytest.approx([0, 0, 0], abs=1e-3)


def test_one_fold_gains_nothing_and_its_confidence_is_still_told(draw_folds, repeat_row):
    _, (fold, *_) = draw_folds(noise=1.0)
    assert estimate_gain([fold], (EQUAL, EQUAL), 10, 0, seed=1).gains == {
        "micro_f1": 0,
        "auprc": 0,
        "accuracy": 0,
    }
    found = estimate_gain([repeat_row(0.8)], (EQUAL, EQUAL), 90, 0, seed=1)
    assert found.confidence_gap == pytest.approx(10, abs=0.01)


def judgement_of(**values):
    return Judgement(values, {name: np.array([own]) for name, own in values.items()}, 0.95)


SURE = 5 * np.eye(4)
"""Logits that are right whatever the row: no temperature makes them less sure."""


def test_a_submission_gains_what_its_judgement_and_population_say(draw_folds, label):
    """With a population by its shares and accuracy, else by those of the training rows."""
    truth = np.repeat(np.arange(4), [30, 10, 40, 20])
    scores = label(np.roll(SURE, 1, axis=1)[truth], truth)
    training, shares = np.array([0.3, 0.1, 0.4, 0.2]), np.array([0.6, 0.2, 0.1, 0.1])
    _, folds = draw_folds(noise=1.5, n_rows=200)
    judgement = judgement_of(accuracy=50.0, shift_accuracy=70.0)
    population = TargetPopulation(shares, shares[:, None], 200, "given")
    found = gain_of_submission(folds, scores, judgement, population, seed=1)
    assert found == estimate_gain(folds, (training, shares), 70.0, 0, seed=1)
    without = gain_of_submission(folds, scores, judgement, None, seed=1)
    assert without == estimate_gain(folds, (training, training), 50.0, 0, seed=1)
    assert without != found


def test_the_submission_of_a_single_fold_has_no_gain(draw_folds, label):
    _, (fold, *_) = draw_folds(noise=1.0, n_rows=10)
    scores, judgement = label(SURE, np.arange(4)), judgement_of(accuracy=50.0)
    assert gain_of_submission([fold], scores, judgement, None, seed=1) is None


@pytest.mark.parametrize("shares", [EQUAL, np.array([0.6, 0.2, 0.1, 0.1])])
def test_the_gain_is_about_that_on_the_true_labels(draw_folds, shares):
    """And within what an interval takes for possible: half to one and a half of the estimate."""
    gold, folds = draw_folds(noise=1.5, shares=shares)
    accuracy = single_accuracy(folds, gold)
    found = estimate_gain(folds, (EQUAL, shares), accuracy, 0, seed=1)
    of_mean = score_metrics(average_probabilities(folds).logits, gold, 0)
    for name, gain in found.gains.items():
        singles = np.mean([score_metrics(own.logits, gold, 0)[name] for own in folds])
        assert gain > 1
        assert 0.5 * gain < of_mean[name] - singles < 1.5 * gain


def test_a_seed_makes_the_labels(draw_folds):
    _, folds = draw_folds(noise=1.0, n_rows=100)
    first, again, other = (estimate_gain(folds, (EQUAL, EQUAL), 60, 0, seed) for seed in (1, 1, 2))
    assert first == again
    assert first.gains != other.gains


def test_a_label_that_training_lacks_is_not_drawn(draw_folds):
    """Its probability stands for nothing that was learned; the others are judged as ever."""
    _, folds = draw_folds(noise=1.0, n_rows=300)
    training = np.array([0.4, 0.3, 0.3, 0.0])
    found = estimate_gain(folds, (training, EQUAL), 50, 0, seed=1)
    assert np.isfinite([*found.gains.values(), found.confidence_gap]).all()


def test_folds_of_other_rows_are_refused(draw_folds):
    _, (first, second, _) = draw_folds(noise=1.0, n_rows=10)
    turned = replace(second, row_ids=second.row_ids[::-1])
    with pytest.raises(ValueError, match="different rows, or the same in another order"):
        estimate_gain([first, turned], (EQUAL, EQUAL), 50, 0, seed=1)
    with pytest.raises(ValueError, match="no scores to average"):
        estimate_gain([], (EQUAL, EQUAL), 50, 0, seed=1)


@given(st.floats(-5, 5), st.integers(0, 10**6))
def test_the_spread_is_half_of_the_gain_to_either_side(gain, seed):
    drawn = spread_of_gain(gain, 500, seed)
    ends = sorted([0.5 * gain, 1.5 * gain])
    assert drawn.shape == (500,)
    assert ends[0] <= drawn.min()
    assert drawn.max() <= ends[1]
    assert drawn.mean() == pytest.approx(gain, rel=0.1)
    np.testing.assert_array_equal(drawn, spread_of_gain(gain, 500, seed))


def test_out_of_fold_rows_may_show_that_models_are_not_sure_enough(repeat_row):
    """With logarithms divided by 0.5, the mean's 0.6 becomes 0.6 ** 2 / (0.6 ** 2 + 0.4 ** 2)."""
    fold = repeat_row(0.6)
    timid = estimate_gain([fold], (EQUAL, EQUAL), 65, None, seed=1)
    assert timid.confidence_gap == pytest.approx(5, abs=0.01)
    allowed = estimate_gain([fold], (EQUAL, EQUAL), 65, None, seed=1, least_softening=0.5)
    assert allowed.confidence_gap == 0
    beyond = estimate_gain([fold], (EQUAL, EQUAL), 80, None, seed=1, least_softening=0.5)
    assert beyond.confidence_gap == pytest.approx(80 - 100 * 0.36 / 0.52, abs=0.01)


def test_models_that_give_one_label_to_all_rows_have_no_gap(repeat_row, label, make_scores):
    """With a gap, the expected scores would reach down by it."""
    scores = label(np.log(np.tile([0.6, 0.4, 1e-30, 1e-30], (10, 1))), np.arange(10) % 2)
    other = make_scores(np.log(np.tile([0.3, 0.7, 1e-30, 1e-30], (len(repeat_row(0.6)), 1))))
    judgement = judgement_of(accuracy=90.0)
    gain = gain_of_submission([repeat_row(0.6), other], scores, judgement, None, seed=1)
    assert gain.confidence_gap is None
    assert list(gain.gains) == ["micro_f1", "auprc", "accuracy"]


def test_only_scores_that_are_not_sure_enough_sharpen(make_scores, label):
    """Right on nine rows of ten with a probability of 0.6, or right on half of them with 0.99."""
    truth, judgement = np.tile([0] * 9 + [1], 20), judgement_of(accuracy=90.0)
    sure_of_both = np.tile([[0.6, 0.4, 1e-30, 1e-30], [0.4, 0.6, 1e-30, 1e-30]], (100, 1))
    folds = [make_scores(np.log(sure_of_both))] * 2
    gaps = []
    for share in (0.6, 0.9, 0.99):
        logits = np.tile(np.log([share, 1 - share, 1e-30, 1e-30]), (len(truth), 1))
        gain = gain_of_submission(folds, label(logits, truth), judgement, None, seed=1)
        gaps.append(gain.confidence_gap)
    assert gaps[0] < gaps[1] == pytest.approx(gaps[2])
