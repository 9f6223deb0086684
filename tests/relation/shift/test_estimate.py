"""An estimate that is right where it is believed, and reasons in words where none is."""

from dataclasses import dataclass

import numpy as np
import pytest

from klue_pipeline.relation.shift.estimate import EVERY_ESTIMATOR, study_prior
from klue_pipeline.relation.shift.estimators import total_variation
from klue_pipeline.relation.shift.weights import label_shares


@dataclass(frozen=True)
class Model:
    """How well labels can be told apart, and by how much a model believes that it can."""

    apart: float
    sharpness: float = 1.0
    noise: float = 0.0
    n_rows: int = 1500


GOOD = Model(apart=2.5)
WEAK = Model(apart=0.3, sharpness=4, n_rows=300)
TOO_SURE = Model(apart=0.8, sharpness=4)
TOO_SURE_AND_NOISY = Model(apart=1.0, sharpness=4, noise=2.5)


@pytest.fixture
def study(make_world, make_scores, label, make_evaluation, target_shares):
    """Return a function that draws training and test rows, and studies what can be known of them.

    It also returns the shares of labels that the test rows really have.
    """

    def study_model(model, seed=1, shares=target_shares, **prior):
        world = make_world(model.apart)
        flaws = model.sharpness, model.noise
        gold, logits = world.draw(world.training_shares, model.n_rows, seed, *flaws)
        hidden, test_logits = world.draw(shares, model.n_rows, seed + 100, *flaws)
        params = make_evaluation(**prior).target_prior
        found = study_prior(label(logits, gold), make_scores(test_logits), params, 7)
        return found, label_shares(hidden, 4)

    return study_model


def errors_of(found):
    return {name: own.recovery_error for name, own in found.witnesses.items()}


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("sharpness", [1.0, 2.0])
def test_a_good_model_finds_the_shares_of_the_test_rows(study, sharpness, seed):
    found, truth = study(Model(GOOD.apart, sharpness), seed)
    assert found.refusal == ""
    assert found.chosen in EVERY_ESTIMATOR
    assert (found.population.source, found.population.n_rows) == ("estimated", 1500)
    assert total_variation(found.population.shares, truth) < 0.03
    assert found.population.shares is found.witnesses[found.chosen].shares


@pytest.mark.parametrize("seed", range(2))
def test_its_alternatives_surround_the_truth(study, target_shares, seed):
    found, truth = study(GOOD, seed)
    alternatives = found.population.plausible
    np.testing.assert_allclose(alternatives.sum(axis=0), 1)
    for shares in (truth, target_shares, found.population.shares):
        assert (alternatives.min(axis=1) <= shares).all()
        assert (shares <= alternatives.max(axis=1)).all()
    # They are near the estimate, too: 1500 rows leave little to luck.
    assert np.ptp(alternatives, axis=1).max() < 0.15


def test_without_shift_it_finds_the_training_shares(study):
    training_shares = np.array([0.3, 0.1, 0.4, 0.2])
    found, _ = study(GOOD, shares=training_shares)
    assert total_variation(found.population.shares, training_shares) < 0.04


def test_the_one_that_recovers_known_shares_best_is_chosen(study):
    found, _ = study(GOOD)
    errors = errors_of(found)
    assert list(errors) == list(EVERY_ESTIMATOR)
    assert errors[found.chosen] == min(errors.values())
    # Counting cannot give back what it mistakes.
    assert errors["classify_and_count"] > 0.02


def test_disagreement_is_the_distance_to_the_farthest_other_that_is_reliable(study):
    found, _ = study(GOOD)
    assert max(errors_of(found).values()) < 0.1
    shares = {name: own.shares for name, own in found.witnesses.items()}
    for name, own in found.witnesses.items():
        distances = [total_variation(own.shares, shares[other]) for other in shares.keys() - {name}]
        assert own.disagreement == pytest.approx(max(distances))


@pytest.mark.parametrize("seed", range(2))
def test_a_weak_model_that_is_too_sure_is_not_believed(study, seed):
    found, truth = study(WEAK, seed)
    # Expectation maximisation has run away: one row in five has the label, and it finds none.
    assert truth[1] > 0.15
    assert found.witnesses["em_raw"].shares[1] < 0.001
    assert (found.chosen, found.population) == (None, None)
    reasons = found.refusal.split("; ")
    assert [reason.split(": ")[0] for reason in reasons] == list(EVERY_ESTIMATOR)
    for reason, error in zip(reasons, errors_of(found).values(), strict=True):
        assert error > 0.1
        assert f"known shares come back {error:.2f} off (believed up to 0.05, as no " in reason


@pytest.mark.parametrize("seed", range(2))
def test_one_that_stands_alone_is_believed_if_it_is_twice_as_accurate(study, seed):
    found, truth = study(TOO_SURE, seed)
    errors = errors_of(found)
    assert found.chosen == "em_calibrated"
    assert found.witnesses["em_calibrated"].disagreement is None
    assert min(errors["em_raw"], errors["classify_and_count"]) > 0.1
    assert total_variation(found.population.shares, truth) < 0.1
    # Nobody else is asked for alternatives: they lie around this estimate, not towards the others.
    middle = found.population.plausible.mean(axis=1)
    away = {name: total_variation(middle, own.shares) for name, own in found.witnesses.items()}
    assert away["em_calibrated"] < 0.06 < 2 * 0.06 < min(away["em_raw"], away["classify_and_count"])
    limit = 1.5 * errors["em_calibrated"]
    refused, _ = study(TOO_SURE, seed, max_disagreement=limit)
    assert refused.population is None
    assert f"(believed up to {limit / 2:.2f}, as no other estimate is reliable)" in refused.refusal


@pytest.mark.parametrize("seed", range(2))
def test_two_that_are_wrong_alike_are_not_believed_against_a_third(study, target_shares, seed):
    """Where a model is always sure, re-weighting its probabilities is no more than counting."""
    found, _ = study(TOO_SURE_AND_NOISY, seed, max_disagreement=0.15)
    shares = {name: own.shares for name, own in found.witnesses.items()}
    assert max(errors_of(found).values()) < 0.15
    assert total_variation(shares["em_raw"], shares["classify_and_count"]) < 0.1
    assert total_variation(shares["em_raw"], target_shares) > 0.2
    assert total_variation(shares["em_calibrated"], target_shares) < 0.1
    assert found.population is None
    assert found.refusal.count("another reliable estimate is 0.2") == 3


def test_a_single_estimator_is_asked_alone_and_still_judged_by_the_others(study):
    auto, _ = study(GOOD)
    alone, _ = study(GOOD, estimator="em_raw")
    assert alone.chosen == "em_raw"
    assert list(alone.witnesses) == list(EVERY_ESTIMATOR)
    assert alone.population.plausible.shape[1] * 3 == auto.population.plausible.shape[1]
    refused, _ = study(TOO_SURE, estimator="em_raw")
    assert refused.population is None
    assert refused.refusal.startswith("em_raw: known shares come back")
    assert "another reliable estimate" in refused.refusal
    assert "em_calibrated: " not in refused.refusal


def test_too_few_effective_rows_are_a_reason(study):
    found, _ = study(GOOD, min_effective_rows=1400)
    assert found.population is None
    assert "effective rows would be left (wanted 1400)" in found.refusal
    assert "known shares" not in found.refusal


def test_rounds_that_do_not_come_to_rest_are_a_reason_and_no_witness(monkeypatch, study):
    monkeypatch.setattr("klue_pipeline.relation.shift.estimators.MAX_ITERATIONS", 1)
    found, _ = study(GOOD, estimator="em_calibrated")
    assert found.population is None
    assert "em_calibrated: its rounds did not come to rest" in found.refusal
    # Counting has no rounds, but nobody is left that it could agree with.
    counted, _ = study(GOOD, estimator="classify_and_count")
    assert counted.witnesses["classify_and_count"].converged
    assert counted.witnesses["classify_and_count"].disagreement is None


def test_a_seed_makes_the_alternatives_and_nothing_else(
    make_world, make_scores, label, make_evaluation, target_shares
):
    world, params = make_world(GOOD.apart), make_evaluation().target_prior
    gold, logits = world.draw(world.training_shares, 400, 1)
    test_scores = make_scores(world.draw(target_shares, 400, 2)[1])
    first, again, other = (
        study_prior(label(logits, gold), test_scores, params, seed) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first.population.plausible, again.population.plausible)
    np.testing.assert_array_equal(first.population.shares, other.population.shares)
    assert not np.array_equal(first.population.plausible, other.population.plausible)


def test_a_label_that_no_scored_row_has_gets_no_share(
    make_world, make_scores, label, make_evaluation
):
    """Also where the model rules it out everywhere."""
    world = make_world(GOOD.apart, training_shares=(0.5, 0.2, 0.3, 0.0))
    gold, logits = world.draw(world.training_shares, 600, 1)
    _, test_logits = world.draw([0.3, 0.4, 0.3, 0.0], 600, 2)
    assert np.isneginf(logits[:, 3]).all()
    found = study_prior(
        label(logits, gold), make_scores(test_logits), make_evaluation().target_prior, 7
    )  # fmt: skip
    assert total_variation(found.population.shares, np.array([0.3, 0.4, 0.3, 0.0])) < 0.06
    assert found.population.shares[3] == 0
    assert found.population.plausible[3].max() == 0


def test_scores_that_are_not_numbers_are_refused(label, make_evaluation):
    scores = label([[0, 1, 2, np.nan], [0, 1, 2, 3]], [0, 1])
    with pytest.raises(ValueError, match="1 of 2 rows have scores that are not numbers"):
        study_prior(scores, scores.table, make_evaluation().target_prior, 7)


@pytest.mark.parametrize("seed", [4, 7])
def test_one_that_two_others_contradict_is_no_middle_way(study, target_shares, seed):
    """Between two reliable estimates that disagree, the third is near both and no better."""
    found, _ = study(Model(apart=1.5, sharpness=2), seed)
    if found.population is not None:
        assert total_variation(found.population.shares, target_shares) < 0.08
