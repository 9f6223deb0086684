"""What every method promises, on members that are all alike, alone or certain."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pytest

from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.relation.ensemble.methods import METHODS, UNTUNED
from klue_pipeline.relation.ensemble.methods.interface import Objective, TuningRows
from klue_pipeline.relation.settings.params import BlendMethod

OBJECTIVE = Objective("micro_f1", 0)
TUNED = [name for name in METHODS if name not in UNTUNED]
MEANS = [name for name in METHODS if name not in {"hard_vote", "stacking"}]


def apply(name, rows, params):
    return METHODS[name](rows, OBJECTIVE, params).apply(rows.log_probabilities)


def test_there_is_a_method_for_every_name_that_may_be_set():
    assert list(METHODS) == list(get_args(BlendMethod))


def ruled_out(rows):
    """The same rows with a label that the first member knows to be impossible, truth or not."""
    members = rows.log_probabilities.copy()
    members[0, :, 1] = LOG_ZERO
    return replace(rows, log_probabilities=members)


def certain(rows):
    """The same rows with members that give their best label everything."""
    is_best = rows.log_probabilities == rows.log_probabilities.max(axis=2, keepdims=True)
    return replace(rows, log_probabilities=np.where(is_best, 0, LOG_ZERO).astype(np.float32))


CASES = {
    "three members": lambda rows: rows,
    "one member": lambda rows: replace(rows, log_probabilities=rows.log_probabilities[:1]),
    "twins": lambda rows: replace(
        rows, log_probabilities=np.repeat(rows.log_probabilities[:1], 2, axis=0)
    ),
    "a label without rows": lambda rows: replace(rows, gold_ids=rows.gold_ids % 3),
    "one label only": lambda rows: replace(rows, gold_ids=np.full_like(rows.gold_ids, 2)),
    "negative rows only": lambda rows: replace(rows, gold_ids=np.zeros_like(rows.gold_ids)),
    "one row": lambda rows: TuningRows(
        rows.log_probabilities[:, :1], rows.gold_ids[:1], rows.weights[:1]
    ),
    "a label ruled out": ruled_out,
    "certain members": certain,
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", METHODS)
def test_rows_sum_to_one_and_weights_too(name, case, draw_rows, ensemble_params):
    rows = CASES[case](draw_rows())
    blend = METHODS[name](rows, OBJECTIVE, ensemble_params())
    blended = blend.apply(rows.log_probabilities)
    assert blended.shape == rows.log_probabilities.shape[1:]
    assert (blended >= 0).all()
    np.testing.assert_allclose(blended.sum(axis=1), 1, rtol=1e-5)
    if blend.weights is not None:
        assert blend.weights.shape == (len(rows.log_probabilities),)
        assert (blend.weights >= 0).all()
        assert blend.weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("name", MEANS)
@pytest.mark.parametrize("n_members", [1, 2, 3])
def test_members_that_say_the_same_are_blended_into_what_they_say(
    name, n_members, draw_rows, ensemble_params
):
    one = draw_rows(n_members=1)
    rows = replace(one, log_probabilities=np.repeat(one.log_probabilities, n_members, axis=0))
    blended = apply(name, rows, ensemble_params())
    np.testing.assert_allclose(blended, np.exp(one.log_probabilities[0]), rtol=1e-4)


@pytest.mark.parametrize("name", UNTUNED)
def test_untuned_methods_do_without_rows(name, draw_rows, ensemble_params):
    rows = draw_rows()
    nobody = TuningRows(rows.log_probabilities[:, :0], rows.gold_ids[:0], rows.weights[:0])
    blend = METHODS[name](nobody, OBJECTIVE, ensemble_params())
    np.testing.assert_array_equal(
        blend.apply(rows.log_probabilities), apply(name, rows, ensemble_params())
    )


@pytest.mark.parametrize("name", TUNED)
def test_all_others_learn_from_them(name, draw_rows, ensemble_params):
    """With other true labels, the members that are good are others."""
    rows = draw_rows(skill=[2.0, 0.5, 0.2])
    predicted_by_last = replace(rows, gold_ids=rows.log_probabilities[2].argmax(axis=1))
    blended = apply(name, rows, ensemble_params())
    assert np.abs(blended - apply(name, predicted_by_last, ensemble_params())).max() > 0.1


@pytest.mark.parametrize("name", METHODS)
def test_fitting_changes_nothing_in_place(name, draw_rows, ensemble_params):
    rows, untouched = draw_rows(), draw_rows()
    apply(name, rows, ensemble_params())
    np.testing.assert_array_equal(rows.log_probabilities, untouched.log_probabilities)
    np.testing.assert_array_equal(rows.gold_ids, untouched.gold_ids)
