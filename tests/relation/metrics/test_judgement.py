"""Draws that models share, test sets drawn from them, and intervals that keep their promise."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom
from sklearn.metrics import accuracy_score, f1_score

from klue_pipeline.evaluation.intervals import Estimate, Interval, Judgement
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.metrics.judgement import TargetPopulation, draw_test_sets, judge
from klue_pipeline.relation.metrics.klue import auprc, micro_f1, score_metrics
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams

LABELS = ("no_relation", "per:title", "per:spouse")
NEGATIVE = 0
PLAIN = ["micro_f1", "auprc", "accuracy"]
SHIFTED = [f"shift_{name}" for name in PLAIN]
SCORED_SHARES, TARGET_SHARES = np.array([0.3, 0.4, 0.3]), np.array([0.7, 0.1, 0.2])


def settings_of(n_resamples=200, seed=1, confidence=0.95):
    return EvaluationParams.model_validate(
        {
            "target_prior": {
                "source": "none",
                "estimator": "auto",
                "max_disagreement": 0.1,
                "min_effective_rows": 1,
            },
            "n_resamples": n_resamples,
            "confidence": confidence,
            "seed": seed,
            "select_by": "micro_f1",
        }
    )


def make_scores(logits, gold, negative_id=NEGATIVE):
    ids = np.arange(len(logits)).astype(object)
    folds = np.zeros(len(logits), dtype=np.int64)
    table = ScoreTable(ids, np.asarray(logits, dtype=np.float32), LABELS, folds)
    return LabelledScores(table, np.asarray(gold), negative_id)


def draw_rows(shares, n_rows, generator, skill=1.5):
    """Rows under these shares, scored by the same model whatever the shares."""
    gold = generator.choice(len(LABELS), size=n_rows, p=shares)
    places = skill * np.eye(len(LABELS))[gold] + generator.normal(size=(n_rows, len(LABELS)))
    return make_scores(skill * places + np.log(SCORED_SHARES), gold)


def aim_at(shares, n_rows=100):
    shares = np.asarray(shares, dtype=np.float64)
    return TargetPopulation(shares, shares[:, None], n_rows, "given")


@pytest.fixture(name="case", scope="module")
def draw_case():
    return draw_rows(SCORED_SHARES, 120, np.random.default_rng(0))


def judge_one(case, target=None, **changes):
    return judge({"only": case}, target, settings_of(**changes))["only"]


def test_plain_draws_are_those_of_a_naive_loop(case):
    gold, predicted = case.truth, case.predicted
    found = judge_one(case, n_resamples=100, seed=5)
    generator = np.random.default_rng(5)
    wanted = {name: [] for name in PLAIN}
    for _ in range(100):
        rows = generator.integers(120, size=120)
        f1 = f1_score(gold[rows], predicted[rows], labels=[1, 2], average="micro")
        wanted["micro_f1"].append(100 * f1)
        wanted["auprc"].append(auprc(gold[rows], case.table.probabilities[rows]))
        wanted["accuracy"].append(100 * accuracy_score(gold[rows], predicted[rows]))
    assert list(found.draws) == list(found.scores) == PLAIN
    for name in PLAIN:
        np.testing.assert_allclose(found.draws[name], wanted[name], rtol=1e-5)


def test_plain_values_are_the_scores_of_the_rows(case):
    wanted = score_metrics(case.table.logits, case.truth, NEGATIVE)
    found = judge_one(case, aim_at(TARGET_SHARES)).scores
    assert list(found) == [*PLAIN, *SHIFTED]
    assert [found[name] for name in PLAIN] == pytest.approx([wanted[name] for name in PLAIN])


def test_what_to_expect_of_a_test_set_is_the_mean_of_its_draws(case):
    gold, predicted = case.truth, case.predicted
    found = judge_one(case, aim_at(TARGET_SHARES, n_rows=400), n_resamples=600)
    for name in SHIFTED:
        assert found.scores[name] == pytest.approx(found.draws[name].mean())
    # For F1 that is the score of the re-weighted rows.
    weights = (TARGET_SHARES / np.bincount(gold, minlength=3))[gold]
    wanted = micro_f1(gold, predicted, NEGATIVE, weights)
    assert found.scores["shift_micro_f1"] == pytest.approx(wanted, abs=1.5)
    assert abs(wanted - found.scores["micro_f1"]) > 10


def test_an_interval_is_the_quantiles_of_the_draws_around_the_value():
    draws = np.linspace(40, 60, 201)
    judgement = Judgement({"micro_f1": 52.0}, {"micro_f1": draws}, 0.9)
    # The middle nine tenths are 41 to 59; their middle, 50, is moved to the value.
    estimate = judgement.estimate("micro_f1")
    assert (estimate.low, estimate.high) == pytest.approx((43, 61))
    assert judgement.estimates() == {"micro_f1": estimate}
    high = replace(judgement, scores={"micro_f1": 95.0}).estimate("micro_f1")
    assert high == Estimate(95.0, pytest.approx(86), 100.0)
    assert replace(judgement, scores={"micro_f1": 5.0}).estimate("micro_f1").low == 0


def test_differences_are_paired_by_hand():
    """Draws that go up and down together differ by two points in each."""
    draws = np.linspace(40, 60, 201)
    lower = Judgement({"auprc": 50.0}, {"auprc": draws}, 0.9)
    higher = Judgement({"auprc": 52.0}, {"auprc": draws + 2}, 0.9)
    assert higher.minus(lower, "auprc") == Interval(2.0, pytest.approx(2), pytest.approx(2))
    assert lower.minus(higher, "auprc") == Interval(-2.0, pytest.approx(-2), pytest.approx(-2))
    assert (higher.chance_to_beat(lower, "auprc"), lower.chance_to_beat(higher, "auprc")) == (1, 0)
    half = Judgement({"auprc": 50.0}, {"auprc": 100 - draws}, 0.9)
    assert half.chance_to_beat(lower, "auprc") == pytest.approx(100 / 201)


def test_the_same_model_twice_differs_by_exactly_nothing(case):
    found = judge({"a": case, "b": case}, aim_at(TARGET_SHARES), settings_of())
    assert list(found) == ["a", "b"]
    for name in [*PLAIN, *SHIFTED]:
        assert found["a"].minus(found["b"], name) == Interval(0.0, 0.0, 0.0)
        assert found["a"].chance_to_beat(found["b"], name) == 0
        # Not because there was no luck at all.
        assert np.ptp(found["a"].draws[name]) > 1


def test_the_difference_of_two_models_that_is_known():
    """A model that errs on one row in ten against one that errs on two in ten."""
    generator = np.random.default_rng(0)
    gold = generator.integers(1, 3, size=1000)

    def with_errors(share):
        predicted = np.where(generator.random(1000) < share, 3 - gold, gold)
        return make_scores(5 * np.eye(3)[predicted], gold)

    models = {"good": with_errors(0.1), "bad": with_errors(0.2)}
    found = judge(models, None, settings_of(n_resamples=300))
    interval = found["good"].minus(found["bad"], "micro_f1")
    assert interval.low < 10 < interval.high
    # The difference of two independent shares: its standard error is 1.58 points.
    assert interval.high - interval.low == pytest.approx(2 * 1.96 * 1.58, rel=0.15)


def test_a_sentence_that_two_folds_held_out_is_drawn_once_for_both(case):
    """Twice the same rows are no more evidence than once: the interval stays as wide."""
    twice = case.take(np.tile(np.arange(len(case)), 2))
    twice = twice.with_table(replace(twice.table, folds=np.repeat([0, 1], len(case))))
    once, again = judge_one(case), judge_one(twice)
    np.testing.assert_allclose(again.draws["micro_f1"], once.draws["micro_f1"], rtol=1e-5)


def test_models_do_not_change_each_others_draws(case):
    """Nor does their number: all of them see what one alone would see."""
    other = draw_rows(SCORED_SHARES, 120, np.random.default_rng(9))
    other, target = case.with_table(other.table), aim_at(TARGET_SHARES)
    models = {"other": other, "only": case, "third": other}
    together = judge(models, target, settings_of())
    alone = judge_one(case, target)
    for name, draws in alone.draws.items():
        np.testing.assert_array_equal(together["only"].draws[name], draws)


def test_paired_differences_are_surer_than_the_models_themselves(case):
    logits = case.table.logits.copy()
    logits[:3] = np.roll(logits[:3], 1, axis=1)
    nearly = case.with_table(replace(case.table, logits=logits))
    found = judge({"a": case, "b": nearly}, aim_at(TARGET_SHARES), settings_of())
    for name in ("accuracy", "shift_accuracy"):
        widths = [np.ptp(found[model].draws[name]) for model in ("a", "b")]
        paired = np.ptp(found["a"].draws[name] - found["b"].draws[name])
        assert 0 < paired < np.hypot(*widths) / 1.5


def test_a_seed_makes_the_draws_and_chunks_do_not(monkeypatch, case):
    target = aim_at(TARGET_SHARES)
    whole = judge_one(case, target, n_resamples=100)
    assert judge_one(case, target, n_resamples=100, seed=2).draws["shift_micro_f1"].tolist() != (
        whole.draws["shift_micro_f1"].tolist()
    )
    monkeypatch.setattr("klue_pipeline.evaluation.intervals._CHUNK_WEIGHTS", 120 * 7)
    in_pieces = judge_one(case, target, n_resamples=100)
    for name, draws in whole.draws.items():
        assert draws.shape == (100,)
        np.testing.assert_allclose(in_pieces.draws[name], draws, rtol=1e-6)


def test_a_target_changes_nothing_about_the_plain_scores(case):
    without, with_target = judge_one(case), judge_one(case, aim_at(TARGET_SHARES))
    for name in PLAIN:
        assert without.estimate(name) == with_target.estimate(name)


def test_a_smaller_test_set_is_less_certain(case):
    widths = []
    for n_rows in (50, 5000):
        estimate = judge_one(case, aim_at(TARGET_SHARES, n_rows)).estimate("shift_micro_f1")
        widths.append(estimate.high - estimate.low)
    assert widths[0] > 1.3 * widths[1] > 1


def test_what_too_few_scored_rows_teach_stays_uncertain(case):
    """However large the test set: as much as re-weighting each draw of the rows says."""
    gold = case.truth
    found = judge_one(case, aim_at(TARGET_SHARES, 50_000), seed=5)
    generator, wanted = np.random.default_rng(5), []
    for _ in range(200):
        rows = generator.integers(120, size=120)
        weights = (TARGET_SHARES / np.bincount(gold[rows], minlength=3))[gold[rows]]
        wanted.append(micro_f1(gold[rows], case.predicted[rows], NEGATIVE, weights))
    np.testing.assert_allclose(found.draws["shift_micro_f1"], wanted, atol=2)
    assert np.ptp(wanted) > 20


def test_doubt_about_the_target_widens_the_interval(case):
    """Also by how much the two targets' scores are apart."""
    ends = np.array([0.9, 0.05, 0.05]), np.array([0.1, 0.5, 0.4])
    apart = [judge_one(case, aim_at(end, 2000)).scores["shift_micro_f1"] for end in ends]
    doubtful = TargetPopulation(sum(ends) / 2, np.stack(ends, axis=1), 2000, "estimated")
    found = judge_one(case, doubtful)
    estimate = found.estimate("shift_micro_f1")
    assert found.scores["shift_micro_f1"] == pytest.approx(np.mean(apart), abs=5)
    assert estimate.high - estimate.low > abs(apart[1] - apart[0])


def test_the_interval_covers_test_sets_of_the_target_and_the_plain_one_does_not():
    """Sixty times: judge a model on 150 rows, and try it on 150 others with other shares.

    Bounds are those that a right interval would leave once in a hundred.
    """
    generator, n_pairs = np.random.default_rng(0), 60
    covered = {"shift 0.95": 0, "shift 0.6": 0, "plain 0.95": 0}
    for _ in range(n_pairs):
        case = draw_rows(SCORED_SHARES, 150, generator)
        tried = draw_rows(TARGET_SHARES, 150, generator)
        actual = micro_f1(tried.truth, tried.predicted, NEGATIVE)
        found = judge_one(case, aim_at(TARGET_SHARES, 150), n_resamples=100)
        for key, judgement, name in (
            ("shift 0.95", found, "shift_micro_f1"),
            ("shift 0.6", replace(found, confidence=0.6), "shift_micro_f1"),
            ("plain 0.95", found, "micro_f1"),
        ):
            estimate = judgement.estimate(name)
            covered[key] += estimate.low <= actual <= estimate.high
    least = binom.ppf(0.01, n_pairs, 0.95)
    assert covered["shift 0.95"] >= least
    assert covered["plain 0.95"] < least / 2
    # Not because it is wide: one of 60 % misses about as often as it says.
    assert binom.ppf(0.005, n_pairs, 0.6) <= covered["shift 0.6"] <= binom.ppf(0.995, n_pairs, 0.6)


@pytest.mark.parametrize("models", [{}, {"m": make_scores(np.empty((0, 3)), [])}])
def test_nothing_is_not_judged(models):
    with pytest.raises(ValueError, match=r"models and 0 rows to judge them by; at least one"):
        judge(models, None, settings_of())


@pytest.mark.parametrize("is_right", [True, False])
def test_a_single_row_is_judged(is_right):
    scores = make_scores([[0, 5, 0] if is_right else [5, 0, 0]], [1])
    found = judge_one(scores, aim_at([0.5, 0.5, 0]))
    value = 100.0 if is_right else 0.0
    for name in ("micro_f1", "accuracy", "shift_micro_f1", "shift_accuracy"):
        assert found.estimate(name) == Estimate(value, value, value)
    assert found.estimate("shift_auprc") == Estimate(100.0, 100.0, 100.0)


def test_rows_of_one_label_only_are_judged():
    scores = make_scores([[5, 0, 0], [0, 5, 0], [5, 0, 0]], [0, 0, 0])
    found = judge_one(scores, aim_at(TARGET_SHARES))
    # No relation to be found, and one that was.
    assert found.scores["micro_f1"] == found.scores["shift_micro_f1"] == 0
    assert found.scores["accuracy"] == pytest.approx(200 / 3)
    assert found.scores["shift_accuracy"] == pytest.approx(200 / 3, abs=5)
    assert np.isfinite(np.stack(list(found.draws.values()))).all()


def test_every_label_may_be_a_relation(case):
    found = judge_one(replace(case, negative_id=None), aim_at(TARGET_SHARES))
    np.testing.assert_allclose(found.draws["shift_micro_f1"], found.draws["shift_accuracy"])


@given(st.integers(1, 30), st.integers(1, 50), st.integers(0, 10**6))
def test_test_sets_are_of_the_wanted_size_and_of_drawn_rows(n_rows, size, seed):
    generator = np.random.default_rng(seed)
    gold = generator.integers(3, size=n_rows)
    drawn = generator.multinomial(n_rows, np.full(n_rows, 1 / n_rows), size=4).T
    plausible = generator.dirichlet(np.ones(3), size=2).T
    target = TargetPopulation(plausible[:, 0], plausible, size, "estimated")
    found = draw_test_sets(drawn, gold, target, generator)
    assert found.shape == drawn.shape
    assert found.sum(axis=0).tolist() == [size] * 4
    np.testing.assert_array_equal(found, found.round())
    assert (found >= 0).all()
    assert (found[drawn == 0] == 0).all()


def test_a_row_that_was_not_drawn_stays_out_even_by_the_least_of_chances():
    lowest = SimpleNamespace(integers=lambda _: 0, random=np.zeros)
    drawn = np.array([[0.0], [1.0], [0.0]])
    found = draw_test_sets(drawn, np.array([0, 1, 2]), aim_at(TARGET_SHARES, 7), lowest)
    assert found[:, 0].tolist() == [0, 7, 0]


def test_labels_of_test_sets_have_the_shares_of_the_target():
    """And rows of a label come as often as they were drawn."""
    gold = np.array([0, 0, 0, 1, 2, 2])
    drawn = np.array([[1.0], [2.0], [0.0], [4.0], [1.0], [1.0]])
    target = aim_at([0.6, 0.3, 0.1], 40_000)
    found = draw_test_sets(drawn, gold, target, np.random.default_rng(0))[:, 0] / 40_000
    # Standard errors are below a quarter of a percent.
    np.testing.assert_allclose(found, [0.2, 0.4, 0, 0.3, 0.05, 0.05], atol=0.01)


def test_what_a_draw_lacks_goes_to_its_other_labels_in_proportion():
    gold = np.array([0, 1, 2])
    drawn = np.array([[1.0, 1.0], [2.0, 0.0], [0.0, 2.0]])
    target = aim_at([0.6, 0.3, 0.1], 40_000)
    found = draw_test_sets(drawn, gold, target, np.random.default_rng(0)) / 40_000
    np.testing.assert_allclose(found[:, 0], [6 / 9, 3 / 9, 0], atol=0.01)
    np.testing.assert_allclose(found[:, 1], [6 / 7, 0, 1 / 7], atol=0.01)


def test_each_test_set_takes_one_of_the_plausible_shares():
    gold, drawn = np.array([0, 1]), np.ones((2, 400))
    target = TargetPopulation(np.array([0.5, 0.5]), np.eye(2), 30, "estimated")
    found = draw_test_sets(drawn, gold, target, np.random.default_rng(0))
    assert set(found[0].tolist()) == {0.0, 30.0}
    assert (found[0] == 30).mean() == pytest.approx(0.5, abs=0.1)


def test_a_draw_without_any_label_of_the_target_is_refused():
    gold, drawn = np.array([0, 1]), np.array([[2.0], [0.0]])
    with pytest.raises(ValueError, match="no label of the target; score more rows"):
        draw_test_sets(drawn, gold, aim_at([0, 1]), np.random.default_rng(0))
