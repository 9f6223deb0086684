"""Where the target comes from, and what is said of it, also where there is none."""

import json

import numpy as np
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.shift.resolve import resolve_target

LABELS = LabelSet(names=["no_relation", "per:title", "per:spouse", "org:members"],
                  negative="no_relation")  # fmt: skip
N_ROWS, N_TEST_ROWS = 1000, 1200


@pytest.fixture
def resolve(make_world, make_scores, make_evaluation, target_shares):
    """Return a function that finds the target of drawn rows by these settings."""

    def resolve_drawn(apart=2.5, sharpness=1.0, labels=LABELS, **prior):
        world = make_world(apart)
        gold, logits = world.draw(world.training_shares, N_ROWS, 1, sharpness)
        _, test_logits = world.draw(target_shares, N_TEST_ROWS, 2, sharpness)
        return resolve_target(
            make_scores(logits, fold=0), gold, make_scores(test_logits), labels,
            make_evaluation(**prior),
        )  # fmt: skip

    return resolve_drawn


def test_no_target_is_wanted(resolve, caplog):
    found = resolve(source="none")
    assert found.target is None
    assert found.report == {
        "source": "none",
        "refusal": "evaluation.target_prior.source is none",
        "negative_share": None,
    }
    assert found.description == "none: evaluation.target_prior.source is none"
    assert not caplog.text


def test_a_given_prior_is_described(make_scores, make_evaluation):
    """Six rows in ten shall be negative, and five are: by hand."""
    gold = np.array([0, 0, 0, 0, 0, 1, 1, 1, 2, 2])
    params = make_evaluation(source="given", negative_share=0.6)
    found = resolve_target(
        make_scores(np.zeros((10, 4)), fold=0), gold, make_scores(np.zeros((2500, 4))), LABELS,
        params,
    )  # fmt: skip
    assert found.target.shares == pytest.approx([0.6, 0.24, 0.16, 0])
    assert found.target.n_rows == 2500
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


def test_a_given_prior_reads_no_score(make_scores, make_evaluation):
    """Only the number of test rows; a model that cannot be calibrated is no obstacle."""
    nothing = make_scores(np.full((4, 4), np.nan), fold=0)
    params = make_evaluation(source="given", negative_share=0.6)
    found = resolve_target(nothing, np.arange(4), nothing, LABELS, params)
    assert found.target.n_rows == 4


def test_without_a_negative_label_nothing_is_said_of_it(resolve):
    labels = LabelSet(names=LABELS.names, negative=None)
    found = resolve(labels=labels, source="given", shares=dict.fromkeys(LABELS.names, 0.25))
    assert found.report["negative_share"] is None
    assert found.report["training_negative_share"] is None
    assert found.description == "given (1,200 rows)"


def test_an_estimate_says_who_made_it_and_what_the_others_found(resolve, target_shares):
    found = resolve()
    assert found.target.source == found.report["source"] == "estimated"
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
    assert found.target is None
    assert found.report["source"] == "estimated"
    assert "em_raw: known shares come back" in found.report["refusal"]
    assert found.description == f"none: {found.report['refusal']}"
    assert found.report["estimates"]["em_raw"]["recovery_error"] > 0.1
    assert "cannot be estimated from these test scores (em_raw: known shares" in caplog.text
    assert "evaluation.target_prior.source=given" in caplog.text
    assert "look at the sensitivity curve" in caplog.text


@pytest.mark.parametrize("prior", [{"source": "none"}, {"source": "given", "negative_share": 0.5},
                                   {}, {"min_effective_rows": 10**6}])  # fmt: skip
def test_the_report_can_be_written_as_json(resolve, prior):
    report = resolve(**prior).report
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_a_given_prior_that_does_not_fit_is_refused(resolve):
    with pytest.raises(ValueError, match=r"unknown are \['per:tilte'\]"):
        resolve(source="given", shares={"per:tilte": 1.0})
    without_negative = LabelSet(names=LABELS.names, negative=None)
    with pytest.raises(ValueError, match="no label is negative"):
        resolve(labels=without_negative, source="given", negative_share=0.5)
