"""Decoding options on a blend: when they are used, on which rows they are fitted, what is told."""

import json
from dataclasses import asdict, replace

import numpy as np
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import average_probabilities
from klue_pipeline.relation.decoding import (
    add_negative_bias,
    fit_negative_bias,
    legal_for_test,
    legal_out_of_fold,
    mask_illegal,
    nested_negative_bias,
)
from klue_pipeline.relation.ensemble.decoding import (
    Decoded,
    DecodingRules,
    decode_blend,
    require_decodable,
)
from klue_pipeline.relation.metrics.judgement import TargetPopulation, judge
from klue_pipeline.relation.metrics.klue import micro_f1
from klue_pipeline.relation.shift.weights import label_shares, shift_weights, with_negative_share

NEGATIVE = 0


@pytest.fixture(scope="module")
def tables(small_task):
    """Scores of a decent blend."""
    return small_task.out_of_fold(1.5, 1), average_probabilities(small_task.test_folds(1.5, 1))


@pytest.fixture(scope="module")
def shy(tables):
    """The same blend, but one that sees relations everywhere."""
    return tuple(add_negative_bias(table, NEGATIVE, -3) for table in tables)


@pytest.fixture(scope="module")
def undecoded(small_task, evaluation_params):
    """Both tables and how good they are, before any option."""

    def make(tables, task=None, target=None, evaluation=None):
        task, evaluation = task or small_task.task, evaluation or evaluation_params()
        out_of_fold = task.label(tables[0])
        judged = judge({"": out_of_fold}, target, evaluation)[""]
        return Decoded(out_of_fold, tables[1], judged, {})

    return make


@pytest.fixture(scope="module")
def decode(small_task, ensemble_params, evaluation_params, undecoded):
    """Decode tables by the score that the settings select by."""

    def run(tables, task=None, target=None, evaluation=None, **options):
        evaluation = evaluation or evaluation_params()
        blend = undecoded(tables, task, target, evaluation)
        rules = DecodingRules(ensemble_params(**options), evaluation, evaluation.select_by)
        return decode_blend(blend, task or small_task.task, target, rules)

    return run


@pytest.fixture(scope="module")
def without_types(small_task):
    """A task whose type pairs say nothing."""
    task = small_task.task
    return replace(
        task,
        sentences=task.sentences.assign(type_pair="PER:PER"),
        test_sentences=task.test_sentences.assign(type_pair="PER:PER"),
    )


def assert_same(decoded, tables):
    assert decoded.out_of_fold.table is tables[0]
    assert decoded.test is tables[1]


def test_options_that_are_off_are_not_looked_at(decode, tables):
    decoded = decode(tables)
    assert_same(decoded, tables)
    assert decoded.report == {}


@pytest.mark.parametrize("wanted", ["always", "auto"])
def test_a_mask_that_helps_rules_labels_out_of_both_tables(wanted, decode, tables, small_task):
    """Each type pair of the small task has one relation."""
    task = small_task.task
    decoded = decode(tables, type_pair_mask=wanted, type_pair_min_count=2)
    legal = legal_out_of_fold(tables[0], task.sentences, task.fold_members, task.labels, 2)
    known = legal_for_test(tables[1], task.test_sentences, task.sentences, task.labels, 2)
    for found, own, mask in zip(
        (decoded.out_of_fold.table, decoded.test), tables, (legal, known), strict=True
    ):
        assert not mask.all()
        np.testing.assert_array_equal(found.logits, mask_illegal(own, mask).logits)
    assert decoded.report["type_pair_mask"]["used"] is True
    assert decoded.report["type_pair_mask"]["low"] > 0


def test_what_is_told_is_the_paired_difference(decode, tables, small_task, evaluation_params):
    evaluation = evaluation_params(select_by="accuracy", confidence=0.8)
    report = decode(tables, evaluation=evaluation, type_pair_mask="always").report
    masked = decode(tables, type_pair_mask="always").out_of_fold
    before = masked.with_table(tables[0])
    judged = judge({"before": before, "after": masked}, None, evaluation)
    wanted = judged["after"].minus(judged["before"], "accuracy")
    assert report == {"type_pair_mask": {"used": True, **asdict(wanted)}}
    right = [(scores.predicted == scores.truth).mean() for scores in (masked, before)]
    assert wanted.difference == pytest.approx(100 * (right[0] - right[1]))
    assert json.loads(json.dumps(report, allow_nan=False)) == report


def test_a_mask_that_does_harm_is_used_only_where_always_is_said(decode, tables, without_types):
    """The rarest label has too few rows to be legal for the only type pair."""
    options = {"task": without_types, "type_pair_min_count": 15}
    forced = decode(tables, type_pair_mask="always", **options)
    assert forced.report["type_pair_mask"]["used"] is True
    assert forced.report["type_pair_mask"]["difference"] < 0
    assert np.isneginf(forced.test.logits[:, 3]).all()
    left = decode(tables, type_pair_mask="auto", **options)
    assert left.report["type_pair_mask"] == {**forced.report["type_pair_mask"], "used": False}
    assert_same(left, tables)


def test_a_mask_that_changes_nothing_is_not_used(decode, tables, without_types):
    decoded = decode(tables, task=without_types, type_pair_mask="auto", type_pair_min_count=1)
    assert decoded.report["type_pair_mask"] == {
        "used": False, "difference": 0, "low": 0, "high": 0,
    }  # fmt: skip
    assert_same(decoded, tables)


def test_a_number_is_added_as_it_is(decode, tables):
    bias = -1.5
    decoded = decode(tables, negative_bias=bias)
    assert decoded.report["negative_bias"]["used"] is True
    for found, own in zip((decoded.out_of_fold.table, decoded.test), tables, strict=True):
        np.testing.assert_array_equal(found.logits, add_negative_bias(own, NEGATIVE, bias).logits)


def test_a_bias_that_helps_is_judged_nested_and_fitted_on_all_for_test_rows(
    decode, shy, small_task
):
    decoded = decode(shy, negative_bias="auto")
    truth = small_task.task.label(shy[0]).truth
    nested = nested_negative_bias(shy[0], truth, NEGATIVE)
    bias = fit_negative_bias(shy[0].logits, truth, NEGATIVE)
    np.testing.assert_array_equal(decoded.out_of_fold.table.logits, nested.logits)
    np.testing.assert_array_equal(
        decoded.test.logits, add_negative_bias(shy[1], NEGATIVE, bias).logits
    )
    assert bias == pytest.approx(3, abs=1)
    assert decoded.report["negative_bias"]["used"] is True
    assert decoded.report["negative_bias"]["low"] > 0


@pytest.mark.parametrize(("harm", "is_better_nested"), [(-0.75, True), (0.0, False)])
def test_better_within_noise_is_not_better(harm, is_better_nested, decode, tables, small_task):
    """On all rows a bias raises F1; on rows that it was not fitted on, no more than chance does."""
    harmed = tuple(add_negative_bias(table, NEGATIVE, harm) for table in tables)
    truth = small_task.task.label(harmed[0]).truth
    assert fit_negative_bias(harmed[0].logits, truth, NEGATIVE) != 0
    decoded = decode(harmed, negative_bias="auto")
    told = decoded.report["negative_bias"]
    assert told["used"] is False
    assert told["low"] < 0
    assert (told["difference"] > 0) == is_better_nested
    assert_same(decoded, harmed)


def best_on(weights, table, truth):
    """The best bias of a fine grid where rows count by weights."""
    grid = np.arange(-6, 6, 0.05)

    def f1(bias):
        predicted = add_negative_bias(table, NEGATIVE, bias).logits.argmax(axis=1)
        return micro_f1(truth, predicted, NEGATIVE, weights)

    return max(grid, key=f1)


def test_the_bias_is_fitted_on_plain_rows_also_where_the_blend_is_not_chosen_on_them(
    decode, shy, small_task, evaluation_params
):
    truth = small_task.task.label(shy[0]).truth
    shares = with_negative_share(0.8, NEGATIVE, label_shares(truth, 4))
    target = TargetPopulation(shares, shares[:, None], 2000, "given")
    decoded = decode(
        shy,
        target=target,
        evaluation=evaluation_params(select_by="shift_micro_f1"),
        negative_bias="auto",
    )
    bias = fit_negative_bias(shy[0].logits, truth, NEGATIVE)
    np.testing.assert_array_equal(
        decoded.test.logits, add_negative_bias(shy[1], NEGATIVE, bias).logits
    )
    # Chosen on the target it would be another.
    assert best_on(shift_weights(truth, shares), shy[0], truth) > bias + 0.5


def test_whether_it_is_used_is_told_by_the_score_that_decides(
    decode, tables, small_task, evaluation_params
):
    """With a target that is all relations a larger bias can only lose; without one it wins."""
    truth = small_task.task.label(tables[0]).truth
    shares = with_negative_share(0.02, NEGATIVE, label_shares(truth, 4))
    target = TargetPopulation(shares, shares[:, None], 40, "given")
    eager = add_negative_bias(tables[0], NEGATIVE, -1), add_negative_bias(tables[1], NEGATIVE, -1)
    plain, shifted = (
        decode(eager, target=target, evaluation=evaluation_params(select_by=by), negative_bias=2.0)
        for by in ("accuracy", "shift_accuracy")
    )
    assert plain.report["negative_bias"]["difference"] > 0
    assert shifted.report["negative_bias"]["difference"] < 0


def test_the_bias_is_fitted_on_what_the_mask_leaves(decode, tables, small_task):
    timid = tuple(add_negative_bias(table, NEGATIVE, 3) for table in tables)
    masked = decode(timid, type_pair_mask="always")
    both = decode(timid, type_pair_mask="always", negative_bias="auto")
    truth = small_task.task.label(timid[0]).truth
    bias = fit_negative_bias(masked.out_of_fold.table.logits, truth, NEGATIVE)
    assert bias != fit_negative_bias(timid[0].logits, truth, NEGATIVE)
    assert list(both.report) == ["type_pair_mask", "negative_bias"]
    assert both.report["negative_bias"]["used"] is True
    np.testing.assert_array_equal(
        both.test.logits, add_negative_bias(masked.test, NEGATIVE, bias).logits
    )


@pytest.mark.parametrize("bias", ["auto", 0.5, 0.0])
def test_a_bias_where_no_label_is_negative_is_refused(bias, ensemble_params, small_task):
    labels = LabelSet(names=small_task.task.labels.names, negative=None)
    with pytest.raises(
        ValueError,
        match=rf"ensemble\.negative_bias is {bias}, but no label is negative; set it to never\.",
    ):
        require_decodable(labels, ensemble_params(negative_bias=bias))
    require_decodable(labels, ensemble_params(negative_bias="never"))
    require_decodable(small_task.task.labels, ensemble_params(negative_bias=bias))


def test_labels_without_a_negative_one_may_be_masked(decode, tables, small_task):
    labels = LabelSet(names=small_task.task.labels.names, negative=None)
    task = replace(small_task.task, labels=labels)
    decoded = decode(tables, task=task, type_pair_mask="always", type_pair_min_count=2)
    assert list(decoded.report) == ["type_pair_mask"]
    assert decoded.judgement.scores["micro_f1"] == decoded.judgement.scores["accuracy"]


def assert_judged(decoded, evaluation):
    """The judgement is that of the scores it comes with."""
    wanted = judge({"": decoded.out_of_fold}, None, evaluation)[""]
    assert decoded.judgement.scores == wanted.scores
    for name, draws in wanted.draws.items():
        np.testing.assert_array_equal(decoded.judgement.draws[name], draws)


def test_it_is_judged_after_the_options_in_use(decode, shy, tables, small_task, evaluation_params):
    truth, evaluation = small_task.task.label(shy[0]).truth, evaluation_params()
    biased = decode(shy, negative_bias=3.0)
    assert_judged(biased, evaluation)
    predicted = add_negative_bias(shy[0], NEGATIVE, 3.0).logits.argmax(axis=1)
    assert biased.judgement.scores["micro_f1"] == pytest.approx(
        micro_f1(truth, predicted, NEGATIVE)
    )
    both = decode(shy, type_pair_mask="always", negative_bias=3.0)
    assert_judged(both, evaluation)
    assert both.judgement.scores["micro_f1"] > biased.judgement.scores["micro_f1"]


def test_the_second_option_is_compared_with_the_first(decode, shy):
    """Each difference is what its option adds, so that together they are the whole."""
    both = decode(shy, type_pair_mask="always", negative_bias=3.0)
    mask = decode(shy, type_pair_mask="always")
    told = both.report["negative_bias"]["difference"]
    gained = both.judgement.scores["micro_f1"] - mask.judgement.scores["micro_f1"]
    assert told == pytest.approx(gained)
    assert both.report["type_pair_mask"] == mask.report["type_pair_mask"]


def test_one_fold_cannot_tell_whether_a_bias_helps(decode, shy, small_task):
    one_fold = add_negative_bias(small_task.out_of_fold(1.5, 1, [0]), NEGATIVE, -3)
    decoded = decode((one_fold, shy[1]), negative_bias="auto")
    assert decoded.report["negative_bias"]["used"] is False
    assert_same(decoded, (one_fold, shy[1]))
