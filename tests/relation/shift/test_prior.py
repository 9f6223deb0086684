"""The prior of a target: given, estimated or none; read in label order, or refused in words."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.shift.prior import (
    TargetPrior,
    given_population,
    resolve_prior,
    warn_of_prior,
)
from klue_pipeline.relation.shift.weights import with_negative_share

GIVEN_LABELS = LabelSet(names=["per:title", "no_relation", "per:spouse"], negative="no_relation")
LABELS = LabelSet(names=["no_relation", "per:title", "per:spouse", "org:members"],
                  negative="no_relation")  # fmt: skip
N_ROWS, N_TEST_ROWS = 1000, 1200
TRAINING = np.array([0.3, 0.5, 0.2])


@pytest.fixture
def give(make_evaluation):
    """Return a function that gives a prior."""

    def give_prior(labels=GIVEN_LABELS, training=TRAINING, **prior):
        params = make_evaluation(source="given", **prior).target_prior
        return given_population(params, labels, training, 70)

    return give_prior


def test_shares_are_put_in_the_order_of_the_labels(give):
    found = give(shares={"no_relation": 0.7, "per:spouse": 0.2, "per:title": 0.1})
    assert found.shares == pytest.approx([0.1, 0.7, 0.2])
    assert found.plausible == pytest.approx(np.array([[0.1], [0.7], [0.2]]))
    assert (found.n_rows, found.source) == (70, "given")


def test_the_negative_share_leaves_the_relations_their_proportions(give):
    # 0.4 is left for 0.3 to 0.2.
    found = give(negative_share=0.6)
    assert found.shares == pytest.approx([0.24, 0.6, 0.16])
    assert found.plausible.shape == (3, 1)


def test_shares_written_with_few_digits_are_made_to_sum_to_one(give):
    found = give(shares={"per:title": 0.3333, "no_relation": 0.3333, "per:spouse": 0.3333})
    assert found.shares == pytest.approx([1 / 3] * 3, rel=1e-12)


@pytest.mark.parametrize(
    ("shares", "message"),
    [
        ({"per:title": 0.5, "no_relation": 0.5}, r"3 labels.*missing \['per:spouse'\]"),
        ({}, r"missing \['per:title', 'no_relation', 'per:spouse'\]"),
        (
            {"per:title": 0.5, "no_relation": 0.3, "per:spouse": 0.1, "per:tilte": 0.1},
            r"unknown are \['per:tilte'\], missing \[\]",
        ),
        ({"per:title": 0.5, "no_relation": 0.5, "per:spouse": 0.2}, "sum to 1; .* sum 1.2"),
        ({"per:title": 0.5, "no_relation": 0.7, "per:spouse": -0.2}, "found -0.2 to 0.7"),
        ({"per:title": 30, "no_relation": 50, "per:spouse": 20}, "from 0 to 1 .* sum 100"),
        ({"per:title": 0.5, "no_relation": np.nan, "per:spouse": 0.5}, "finite number"),
        ({"per:title": 0, "no_relation": 0, "per:spouse": 0}, "with sum 0"),
    ],
)
def test_shares_that_do_not_fit_are_refused(give, shares, message):
    with pytest.raises(ValueError, match=message):
        give(shares=shares)


def test_a_negative_share_needs_a_negative_label(give):
    labels = LabelSet(names=GIVEN_LABELS.names, negative=None)
    with pytest.raises(ValueError, match="no label is negative; give the share of every label"):
        give(labels, negative_share=0.6)


def test_a_negative_share_needs_relations_to_leave_the_rest_to(give):
    with pytest.raises(ValueError, match="No scored row has a relation"):
        give(training=np.array([0.0, 1.0, 0.0]), negative_share=0.6)


@pytest.fixture
def resolve(make_world, make_scores, label, make_evaluation, target_shares):
    """Return a function that finds the population of drawn rows by these settings."""

    def resolve_drawn(apart=2.5, sharpness=1.0, labels=LABELS, known=None, **prior):
        world = make_world(apart)
        gold, logits = world.draw(world.training_shares, N_ROWS, 1, sharpness)
        _, test_logits = world.draw(target_shares, N_TEST_ROWS, 2, sharpness)
        scores, test_scores = label(logits, gold), make_scores(test_logits)
        params = make_evaluation(**prior)
        found = resolve_prior(scores, test_scores, labels, params, known)
        warn_of_prior(found, params, "the blend")
        return found

    return resolve_drawn


def test_no_population_is_wanted(resolve, caplog):
    found = resolve(source="none")
    assert found.population is None
    assert found.report == {
        "source": "none",
        "refusal": "evaluation.target_prior.source is none",
        "negative_share": None,
    }
    assert found.description == "none: evaluation.target_prior.source is none"
    assert not caplog.text


def test_a_given_prior_is_described(label, make_scores, make_evaluation):
    """Six rows in ten shall be negative, and five are: by hand."""
    gold = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    params = make_evaluation(source="given", negative_share=0.6)
    scores = label(np.zeros((10, 4)), gold)
    found = resolve_prior(scores, make_scores(np.zeros((2500, 4))), LABELS, params)
    assert found.population.shares == pytest.approx([0.6, 0.24, 0.16, 0])
    assert found.population.n_rows == 2500
    assert found.description == "given, 60.0% without a relation (2,500 rows)"
    shares = found.report.pop("shares")
    assert [own["label"] for own in shares] == LABELS.names
    assert [own["share"] for own in shares] == pytest.approx([0.6, 0.24, 0.16, 0])
    # Weights of 1.2 and 0.8: 10 squared over five times 1.44 + 0.64.
    assert found.report == {
        "source": "given",
        "refusal": None,
        "negative_share": pytest.approx(0.6),
        "training_negative_share": 0.5,
        "distance_to_training": pytest.approx(0.1),
        "rows": 2500,
        "effective_rows": pytest.approx(100 / 10.4),
        "scored_rows": 10,
    }


def test_a_given_prior_reads_no_score(label, make_evaluation):
    """Only the number of test rows; a model that cannot be calibrated is no obstacle."""
    nothing = label(np.full((4, 4), np.nan), np.arange(4))
    params = make_evaluation(source="given", negative_share=0.6)
    found = resolve_prior(nothing, nothing.table, LABELS, params)
    assert found.population.n_rows == 4


def test_without_a_negative_label_nothing_is_said_of_it(resolve):
    labels = LabelSet(names=LABELS.names, negative=None)
    found = resolve(labels=labels, source="given", shares=dict.fromkeys(LABELS.names, 0.25))
    assert found.report["negative_share"] is None
    assert found.report["training_negative_share"] is None
    assert found.description == "given (1,200 rows)"


def test_an_estimate_says_who_made_it_and_what_the_others_found(resolve, target_shares):
    found = resolve()
    assert found.population.source == found.report["source"] == "estimated"
    assert found.report["refusal"] is None
    assert found.report["negative_share"] == pytest.approx(target_shares[0], abs=0.03)
    assert found.report["distance_to_training"] == pytest.approx(0.4, abs=0.05)
    assert (found.report["rows"], found.report["scored_rows"]) == (N_TEST_ROWS, N_ROWS)
    estimates = found.report["estimates"]
    assert list(estimates) == ["em_raw", "em_calibrated", "classify_and_count"]
    chosen = estimates[found.report["estimator"]]
    assert chosen["negative_share"] == found.report["negative_share"]
    assert chosen["recovery_error"] == min(own["recovery_error"] for own in estimates.values())
    assert chosen["disagreement"] < 0.1
    assert chosen["converged"] is True


def test_a_refused_estimate_says_why_and_what_can_be_done(resolve, caplog):
    found = resolve(apart=0.2, sharpness=4)
    assert found.population is None
    assert found.report["source"] == "estimated"
    assert "em_raw: known shares come back" in found.report["refusal"]
    assert found.description == f"none: {found.report['refusal']}"
    assert found.report["estimates"]["em_raw"]["recovery_error"] > 0.1
    (told,) = [record.getMessage() for record in caplog.records]
    assert told.startswith("No shift-aware scores of the blend: the test's shares of labels cannot")
    assert "docs/scores.md#which-prior says why" in told
    assert len(told) <= 200


@pytest.mark.parametrize("prior", [{"source": "none"}, {"source": "given", "negative_share": 0.5},
                                   {}, {"min_effective_rows": 10**6}])  # fmt: skip
def test_what_is_stored_is_read_back_to_the_last_digit(resolve, prior):
    found = resolve(**prior)
    written = json.loads(json.dumps(found.as_json(), allow_nan=False))
    again = TargetPrior.from_json(written)
    assert again.as_json() == found.as_json() == written
    assert again.description == found.description
    if found.population:
        np.testing.assert_array_equal(again.population.plausible, found.population.plausible)


def test_an_estimate_from_the_same_scores_and_settings_is_not_made_again(resolve):
    known = resolve()
    assert resolve(known=known) is known
    assert resolve(known=known, max_disagreement=0.2) is not known
    assert resolve(apart=2.0, known=known) is not known
    assert resolve(source="none", known=known).population is None


@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=8), st.floats(0.01, 0.99), st.integers(0, 7)
)
def test_with_negative_share_moves_nothing_else(sizes, share, place):
    training, negative_id = np.array(sizes) / sum(sizes), place % len(sizes)
    found = with_negative_share(share, negative_id, training)
    assert found.sum() == pytest.approx(1)
    assert found[negative_id] == share
    others = np.arange(len(sizes)) != negative_id
    ratios = found[others] / training[others]
    assert ratios == pytest.approx(np.full(len(ratios), ratios[0]))
