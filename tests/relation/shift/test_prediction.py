"""The rule: one value, an interval that covers what is credible, or a refusal in words."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.relation.shift import prediction
from klue_pipeline.relation.shift.prediction import (
    ALLOWANCES,
    MOST_APART,
    MOST_UNKNOWN_TYPES,
    Prediction,
    as_json,
    describe_expected,
    flat_estimates,
    from_flat,
    from_json,
    predict_submission,
    state_scores,
)

METRICS = ("micro_f1", "auprc", "accuracy")


def say(value, half=2.0):
    """One witness: the same of every score."""
    return {name: Estimate(value, value - half, value + half) for name in METRICS}


def ask(texts=60.0, difference=58.0, others=20.0):
    """What all witnesses say; those that are not credible are far off."""
    others_say = dict.fromkeys(("labels", "confidence", "thresholded"), say(others))
    return {**others_say, "texts": say(texts), "difference": say(difference)}


@pytest.fixture
def predict(monkeypatch, make_evaluation, make_texts):
    """Return a function that predicts from what witnesses say and how texts differ."""

    def predict_from(witnesses, **texts):
        monkeypatch.setattr(prediction, "ask_witnesses", lambda *_: witnesses)
        evidence = type("Evidence", (), {"texts": make_texts(**texts)})
        return predict_submission(evidence, make_evaluation())

    return predict_from


def test_the_value_is_that_of_the_difference_and_the_interval_covers_the_credible(make_texts):
    stated = state_scores(ask(texts=60.0, difference=58.0), make_texts(auc=0.5))
    assert stated == dict.fromkeys(METRICS, Estimate(58, 56, 62))
    turned = state_scores(ask(texts=55.0, difference=58.0), make_texts(auc=0.5))
    assert turned == dict.fromkeys(METRICS, Estimate(58, 53, 60))


def test_the_interval_widens_with_the_distance_of_the_files(make_texts):
    """Luck and allowance are independent: their squares add up."""
    for auc, distance in ((0.4, 0), (0.5, 0), (0.75, 0.5), (1.0, 1), (None, 1)):
        stated = state_scores(ask(60.0, 60.0), make_texts(auc=auc))
        for name, allowance in ALLOWANCES.items():
            half = (2**2 + (distance * allowance) ** 2) ** 0.5
            assert stated[name].value == 60
            assert (stated[name].low, stated[name].high) == pytest.approx((60 - half, 60 + half))


def test_no_interval_leaves_the_scale(make_texts):
    stated = state_scores(ask(texts=1.0, difference=99.0), make_texts(auc=1.0))
    assert stated == dict.fromkeys(METRICS, Estimate(99, 0, 100))


@given(*[st.floats(0, 100)] * 3, st.floats(0, 30), st.floats(0, 1))
def test_the_interval_holds_every_credible_witness_and_its_luck(
    make_texts, texts, own, far, half, auc
):
    witnesses = ask(texts, own, far) | {"texts": say(texts, half)}
    for name, stated in state_scores(witnesses, make_texts(auc=auc)).items():
        assert stated.value == own
        for credible in (witnesses["texts"][name], witnesses["difference"][name]):
            assert stated.low <= max(credible.low, 0) + 1e-9
            assert stated.high >= min(credible.high, 100) - 1e-9


def test_what_is_credible_is_stated_with_all_witnesses(predict):
    said = ask(60.0, 60.0 - MOST_APART)
    found = predict(said, unknown_type_pairs=MOST_UNKNOWN_TYPES)
    assert found.refusal == ""
    assert found.witnesses == said
    assert found.estimates["micro_f1"].value == 60 - MOST_APART


APART = "estimates of micro F1 are 26 points apart (believed up to 20)"
UNKNOWN = (
    "24% of the test rows have a pair of entity types that training hardly has (believed up to 20%)"
)


@pytest.mark.parametrize(
    ("difference", "unknown", "refusal"),
    [(34.0, 0.0, APART), (86.0, 0.0, APART), (60.0, 0.24, UNKNOWN),
     (34.0, 0.24, f"{UNKNOWN}; {APART}")],
)  # fmt: skip
def test_what_cannot_be_told_is_refused_in_words_and_nothing_is_stated(
    predict, difference, unknown, refusal
):
    said = ask(60.0, difference)
    assert predict(said, unknown_type_pairs=unknown) == Prediction({}, refusal, said)


def test_only_micro_f1_of_the_credible_decides_whether_they_are_apart(predict):
    said = ask(60.0, 58.0, others=0.0)
    said["texts"] |= {"auprc": Estimate(99, 98, 100)}
    assert predict(said).refusal == ""


@pytest.mark.parametrize(
    ("metrics", "wanted"),
    [
        ({}, ""),
        ({"predicted": None, "not_predicted": None}, ""),
        ({"predicted": flat_estimates(say(60.0)), "not_predicted": None},
         "expected on the test rows: micro F1 60.00 [58.00, 62.00]"),
        ({"predicted": {}, "not_predicted": APART},
         f"scores of the test rows cannot be predicted: {APART}"),
    ],
)  # fmt: skip
def test_a_line_says_what_is_expected_or_why_nothing_is(metrics, wanted):
    assert describe_expected(metrics) == wanted


def test_estimates_can_be_written_as_json_and_read_again():
    written = json.loads(json.dumps(as_json(say(80.0))))
    assert written["accuracy"] == {"value": 80.0, "low": 78.0, "high": 82.0}
    assert from_json(written) == say(80.0)


numbers = st.floats(0, 100)


@given(st.dictionaries(st.sampled_from(METRICS), st.builds(Estimate, numbers, numbers, numbers)))
def test_flat_numbers_give_the_estimates_back(estimates):
    flat = flat_estimates(estimates)
    assert len(flat) == 3 * len(estimates)
    assert from_flat(flat) == estimates
