"""Witnesses of a submission's score against the truth, where the kind of shift is known."""

from dataclasses import astuple, replace

import numpy as np
import pytest

from klue_pipeline.evaluation.intervals import Estimate, Judgement
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.metrics.judgement import TargetPopulation, judge
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.shift.averaging import AveragingGain, gain_of_submission
from klue_pipeline.relation.shift.weights import with_negative_share
from klue_pipeline.relation.shift.witnesses import Evidence, ask_witnesses, raise_scores

METRICS = ("micro_f1", "auprc", "accuracy")
N_ROWS = 3000


@pytest.fixture(scope="module")
def params(make_evaluation):
    return make_evaluation(n_resamples=100)


@pytest.fixture
def gather(make_world, make_scores, label, make_texts, params):
    """Return a function that draws out-of-fold rows and test rows, and gives the true scores.

    Rows of the second kind are those that the models are bad at.
    """

    def draw(shares, of_second, seed, n_models=1):
        generator = np.random.default_rng([seed, 1])
        gold, logits = make_world(3.0).draw(shares, N_ROWS, seed)
        is_second = generator.random(N_ROWS) < of_second
        logits[is_second] += 5 * generator.normal(size=(is_second.sum(), logits.shape[1]))
        models = [logits + generator.normal(size=logits.shape) for _ in range(n_models)]
        return gold, models, is_second

    def gather_by(negative_share=0.3, of_second=(0.0, 0.0)):
        training = make_world(3.0).training_shares
        target = with_negative_share(negative_share, 0, training)
        gold, (logits,), is_second = draw(training, of_second[0], 1)
        truth, models, _ = draw(target, of_second[1], 2, n_models=3)
        scores, folds = label(logits, gold), [make_scores(own) for own in models]
        population = TargetPopulation(target, target[:, None], N_ROWS, "given")
        judgement = judge({"": scores}, population, params)[""]
        gain = gain_of_submission(folds, scores, judgement, population, params.seed)
        inside = of_second[1] / max(of_second[0], 1e-9), (1 - of_second[1]) / (1 - of_second[0])
        texts = make_texts(np.where(is_second, *inside) if any(of_second) else np.ones(N_ROWS))
        evidence = Evidence(scores, judgement, folds, gain, population, texts)
        return evidence, score_metrics(average_probabilities(folds).logits, truth, 0)

    return gather_by


def values_of(estimates):
    return {name: estimate.value for name, estimate in estimates.items()}


def test_where_only_the_shares_of_labels_shift_all_agree_with_the_truth(gather, params):
    evidence, really = gather(negative_share=0.7)
    found = ask_witnesses(evidence, params)
    assert list(found) == ["labels", "texts", "difference", "confidence", "thresholded"]
    plain = evidence.judgement.scores["micro_f1"]
    assert plain > really["micro_f1"] + 3
    for witness in ("labels", "texts", "difference"):
        for name in METRICS:
            own = found[witness][name]
            assert own.value == pytest.approx(really[name], abs=1.6), (witness, name)
            assert own.low < own.value < own.high
    assert set(found["thresholded"]) == {"micro_f1", "accuracy"}
    assert values_of(found["confidence"])["accuracy"] == pytest.approx(really["accuracy"], abs=1.6)


def test_where_kinds_of_rows_shift_those_that_know_of_texts_are_nearer(gather, params):
    """From a tenth of a kind that the models are bad at to half; labels come as before."""
    evidence, really = gather(of_second=(0.1, 0.5))
    found = {name: values_of(own) for name, own in ask_witnesses(evidence, params).items()}
    for name in METRICS:
        off = {
            witness: abs(found[witness][name] - really[name])
            for witness in ("labels", "texts", "difference")
        }
        assert off["labels"] > 7
        assert max(off["texts"], off["difference"]) < off["labels"] / 1.5


def test_an_interval_is_wider_where_few_rows_stand_for_many(gather, params):
    evidence, _ = gather(of_second=(0.1, 0.5))
    alike = replace(evidence.texts, log_ratios=0 * evidence.texts.log_ratios)
    few, all_rows = (
        ask_witnesses(replace(evidence, texts=texts), params)["texts"]["accuracy"]
        for texts in (evidence.texts, alike)
    )
    assert few.high - few.low > 1.5 * (all_rows.high - all_rows.low)


def test_models_that_are_less_sure_of_the_test_rows_are_expected_to_be_less_right(
    gather, make_world, make_scores, params
):
    """Its labels lie nearer to each other, which no ratio of a training row tells."""
    evidence, _ = gather()
    world = make_world(2.0)
    truth, logits = world.draw(world.training_shares, N_ROWS, 3)
    changed = replace(evidence, folds=[make_scores(logits)], gain=None)
    really = score_metrics(make_scores(logits).logits, truth, 0)
    found = {name: values_of(own) for name, own in ask_witnesses(changed, params).items()}
    for name in METRICS:
        off = abs(found["texts"][name] - really[name])
        assert off > 8
        assert abs(found["difference"][name] - really[name]) < off / 2


def test_only_those_who_know_single_models_are_raised_by_the_gain(gather, params):
    evidence, _ = gather()
    gains = dict(zip(METRICS, (0.3, 0.4, 0.5), strict=True))
    without = ask_witnesses(replace(evidence, gain=None), params)
    found = ask_witnesses(replace(evidence, gain=AveragingGain(gains, 30.0)), params)
    for witness in ("difference", "confidence", "thresholded"):
        assert found[witness] == without[witness]
    for witness in ("labels", "texts"):
        for name, gain in gains.items():
            assert found[witness][name].value == pytest.approx(without[witness][name].value + gain)
    # The gap compares the folds with what labels promise; the texts promise something else.
    assert found["labels"]["accuracy"].low < without["labels"]["accuracy"].low - 20
    assert found["texts"]["accuracy"].low > without["texts"]["accuracy"].low


def test_without_a_target_all_rows_count_by_their_ratios(gather, params):
    evidence, _ = gather(of_second=(0.1, 0.5))
    plain = judge({"": evidence.scores}, None, params)[""]
    found = ask_witnesses(replace(evidence, population=None, judgement=plain, gain=None), params)
    assert values_of(found["labels"]) == pytest.approx(plain.scores)
    weights = evidence.texts.weigh(evidence.scores.table)
    is_right = evidence.scores.predicted == evidence.scores.truth
    wanted = 100 * np.average(is_right, weights=weights)
    assert found["texts"]["accuracy"].value == pytest.approx(wanted)


def test_scores_without_a_negative_label_count_every_row(gather, params):
    evidence, _ = gather()
    scores = replace(evidence.scores, negative_id=None)
    judgement = judge({"": scores}, evidence.population, params)[""]
    changed = replace(evidence, scores=scores, judgement=judgement, gain=None)
    for witness, found in ask_witnesses(changed, params).items():
        own = values_of(found)
        assert own["micro_f1"] == pytest.approx(own["accuracy"]), witness
        assert np.isfinite(list(own.values())).all()


def test_labels_that_are_ruled_out_are_no_obstacle(gather, params):
    """Each model rules out its worst label of each row, and that changes next to nothing."""

    def rule_out(table):
        logits = table.logits.copy()
        logits[np.arange(N_ROWS), logits.argmin(axis=1)] = -np.inf
        return replace(table, logits=logits)

    evidence, _ = gather()
    wanted = ask_witnesses(evidence, params)
    scores = evidence.scores.with_table(rule_out(evidence.scores.table))
    masked = replace(evidence, scores=scores, folds=[rule_out(own) for own in evidence.folds])
    for witness, found in ask_witnesses(masked, params).items():
        for name, own in found.items():
            assert astuple(own) == pytest.approx(astuple(wanted[witness][name]), abs=2), witness


def test_the_same_evidence_gives_the_same_answers(gather, params):
    evidence, _ = gather()
    assert ask_witnesses(evidence, params) == ask_witnesses(evidence, params)


GAIN = AveragingGain({"micro_f1": 2.0, "auprc": 4.0, "accuracy": 0.0}, 0.0)


def score(n_draws=20_000, confidence=0.95, **values):
    """A judgement without any luck: every draw is the value."""
    return Judgement(
        values, {name: np.full(n_draws, own) for name, own in values.items()}, confidence
    )


PLAIN = {"micro_f1": 60.0, "auprc": 70.0, "accuracy": 80.0}
SHIFTED = {"shift_micro_f1": 50.0, "shift_auprc": 65.0, "shift_accuracy": 75.0}


def test_the_gain_is_added_and_its_uncertainty_with_it():
    found = raise_scores(score(**PLAIN), GAIN, seed=1)
    assert list(found) == ["micro_f1", "auprc", "accuracy"]
    # The gain may be half as large or half as large again; 95 % of that is 0.525 to 1.475 of it.
    f1 = found["micro_f1"]
    assert f1.value == 62
    assert (f1.low, f1.high) == pytest.approx((60 + 0.525 * 2, 60 + 1.475 * 2), abs=0.03)
    assert found["accuracy"] == Estimate(80, 80, 80)


def test_a_confidence_gap_is_a_doubt_downwards_and_moves_nothing_else():
    without = raise_scores(score(**PLAIN), GAIN, seed=1)
    with_gap = raise_scores(score(**PLAIN), replace(GAIN, confidence_gap=3.0), seed=1)
    for name, own in with_gap.items():
        assert own == replace(without[name], low=without[name].low - 3)
    hopeless = raise_scores(score(**PLAIN), replace(GAIN, confidence_gap=99.0), seed=1)
    assert hopeless["micro_f1"].low == 0


def test_scores_of_the_target_go_before_plain_ones():
    found = raise_scores(score(**PLAIN, **SHIFTED), GAIN, seed=1)
    assert {name: own.value for name, own in found.items()} == {
        "micro_f1": 52,
        "auprc": 69,
        "accuracy": 75,
    }
    assert found["micro_f1"].high < 60


def test_without_a_gain_it_is_the_judgement_itself():
    generator = np.random.default_rng(0)
    draws = {name: own + generator.normal(size=500) for name, own in PLAIN.items()}
    judgement = Judgement(PLAIN, draws, 0.9)
    for name, found in raise_scores(judgement, None, seed=1).items():
        wanted = judgement.estimate(name)
        assert astuple(found) == pytest.approx(astuple(wanted))


def test_the_interval_lies_around_the_value_wherever_the_draws_lie():
    """Rows that a draw repeats raise its AUPRC; that says nothing about the submission."""
    judgement = Judgement(PLAIN, {name: np.linspace(83, 87, 401) for name in PLAIN}, 0.9)
    auprc = raise_scores(judgement, None, seed=1)["auprc"]
    assert astuple(auprc) == pytest.approx((70, 68.2, 71.8))


def test_luck_and_gain_add_up():
    """Variances of independent causes do: 1.5 squared, and 4 squared over 12."""
    generator = np.random.default_rng(0)
    draws = {name: own + 1.5 * generator.normal(size=20_000) for name, own in PLAIN.items()}
    # 68.27 % are one standard deviation to either side.
    auprc = raise_scores(Judgement(PLAIN, draws, 0.6827), GAIN, seed=1)["auprc"]
    assert (auprc.high - auprc.low) / 2 == pytest.approx(np.sqrt(1.5**2 + 4**2 / 12), rel=0.05)
    assert (auprc.high + auprc.low) / 2 == pytest.approx(74, abs=0.1)


def test_no_score_leaves_the_scale():
    high = raise_scores(score(micro_f1=99.5, auprc=99.0, accuracy=100.0), GAIN, seed=1)
    assert (high["micro_f1"].value, high["micro_f1"].high) == (100, 100)
    assert high["accuracy"] == Estimate(100, 100, 100)
    loss = AveragingGain(dict.fromkeys(PLAIN, -3.0), 0.0)
    low = raise_scores(score(micro_f1=1.0, auprc=1.0, accuracy=1.0), loss, seed=1)
    assert low["micro_f1"] == Estimate(0, 0, 0)
