"""That nothing is learned from a row it is judged on, and what temperatures do."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax

from klue_pipeline.evaluation.calibration.temperature import fit_temperature
from klue_pipeline.evaluation.logits import LOG_ZERO, log_probabilities
from klue_pipeline.relation.ensemble.fitting import (
    Tuning,
    fit_blends,
    nested_probabilities,
    soften,
)
from klue_pipeline.relation.ensemble.methods import METHODS, UNTUNED
from klue_pipeline.relation.ensemble.methods.interface import Blend, Objective, TuningRows
from klue_pipeline.relation.ensemble.panel import Panel

OBJECTIVE = Objective("micro_f1", 0)
TUNED = [name for name in METHODS if name not in UNTUNED]

SPLITS = {
    "k folds": [(row % 3, row) for row in range(60)],
    "overlapping folds": [(fold, row) for fold in range(3) for row in range(60) if row % 4 != fold],
    "one row of two folds": [*((row % 2, row) for row in range(60)), (0, 1)],
    "folds of unequal size": [(0 if row < 50 else row % 2 + 1, row) for row in range(60)],
}
"""Fold and row of every scored row; in the second, most rows are held out by two or three folds."""


@pytest.fixture(scope="module")
def scored(draw_rows, make_table, ensemble_params):
    """Rows of a split, as what methods are tuned with and as a panel."""

    def make(split, calibrate=False, **changes):
        folds, row_numbers = map(list, zip(*SPLITS[split], strict=True))
        drawn = draw_rows(**{"n_members": 2, "skill": [1.5, 0.7], **changes}, n_rows=len(folds))
        # A row has one true label, whichever folds score it.
        gold = drawn.gold_ids[row_numbers]
        rows = replace(drawn, gold_ids=gold)
        ids = [f"r{row}" for row in row_numbers]
        tuning = Tuning(rows, OBJECTIVE, ensemble_params(calibrate=calibrate))
        return tuning, Panel(
            ("a", "b"), make_table(ids, rows.log_probabilities[0], folds), rows.log_probabilities
        )

    return make


class Spy:
    """A method that notes which rows it was fitted on, and which ones it then spoke about."""

    def __init__(self, row_ids):
        self.row_ids, self.calibrated, self.fitted, self.spoken = row_ids, [], [], []

    def mark(self, members):
        """Write the place of each row where every later reader finds it."""
        marked = members.copy()
        marked[:, :, 0] = -np.arange(members.shape[1]) / 100
        return marked

    def read(self, own):
        return [self.row_ids[round(-100 * float(mark))] for mark in own[:, 0]]

    def fit_temperature(self, own, gold_ids):
        self.calibrated.append(self.read(own))
        return 1.0

    def __call__(self, rows, objective, params):
        place = len(self.fitted)
        self.fitted.append(self.read(rows.log_probabilities[0]))
        self.spoken.append([])

        def apply(members):
            self.spoken[place] += self.read(members[0])
            return np.full(members.shape[1:], 0.25)

        return Blend(apply)


@pytest.mark.parametrize("split", SPLITS)
def test_no_fold_is_judged_by_what_saw_its_rows(split, scored, monkeypatch):
    tuning, panel = scored(split, calibrate=True)
    row_ids, folds = panel.rows.row_ids.tolist(), panel.rows.folds
    spy = Spy(row_ids)
    marked = spy.mark(panel.log_probabilities)
    monkeypatch.setitem(METHODS, "greedy", spy)
    monkeypatch.setattr(
        "klue_pipeline.relation.ensemble.fitting.fit_temperature", spy.fit_temperature
    )
    tuning = replace(tuning, rows=replace(tuning.rows, log_probabilities=marked))
    nested_probabilities(tuning, replace(panel, log_probabilities=marked), ["greedy"])
    assert len(spy.fitted) == len(np.unique(folds))
    for fold, fitted, spoken in zip(np.unique(folds), spy.fitted, spy.spoken, strict=True):
        held_out = {row for row, own in zip(row_ids, folds, strict=True) if own == fold}
        assert sorted(spoken) == sorted(held_out)
        assert fitted == [row for row in row_ids if row not in held_out]
        assert fitted
    # Every member's temperature sees the same rows as the method.
    assert spy.calibrated == [fitted for fitted in spy.fitted for _ in range(len(marked))]


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("split", SPLITS)
def test_the_true_labels_of_a_folds_rows_do_not_change_what_is_said_of_them(name, split, scored):
    tuning, panel = scored(split, calibrate=True)
    blended = nested_probabilities(tuning, panel, [name])[name]
    rows, folds = tuning.rows, panel.rows.folds
    held_out = set(panel.rows.row_ids[folds == 0])
    # The true label is the row's, also where other folds score it.
    is_flipped = np.array([row in held_out for row in panel.rows.row_ids])
    flipped = replace(rows, gold_ids=np.where(is_flipped, 3 - rows.gold_ids, rows.gold_ids))
    blended_then = nested_probabilities(replace(tuning, rows=flipped), panel, [name])[name]
    np.testing.assert_array_equal(blended[folds == 0], blended_then[folds == 0])
    # Other folds do learn from these rows: at least each member's temperature.
    assert np.abs(blended[folds != 0] - blended_then[folds != 0]).max() > 1e-4


@pytest.mark.parametrize("calibrate", [True, False])
@pytest.mark.parametrize("name", METHODS)
def test_nested_scores_are_those_of_a_fit_for_each_fold(name, calibrate, scored):
    tuning, panel = scored("k folds", calibrate)
    rows, folds = tuning.rows, panel.rows.folds
    blended = nested_probabilities(tuning, panel, [name])[name]
    for fold in range(3):
        others, own = folds != fold, folds == fold
        temperatures = np.ones(2)
        if calibrate:
            temperatures = [
                fit_temperature(m[others], rows.gold_ids[others]) for m in rows.log_probabilities
            ]
        divided = rows.log_probabilities / np.reshape(temperatures, (2, 1, 1))
        members = log_softmax(divided, axis=2).astype(np.float32)
        learnt = TuningRows(members[:, others], rows.gold_ids[others], rows.weights[others])
        blend = METHODS[name](learnt, OBJECTIVE, tuning.params)
        np.testing.assert_allclose(blended[own], blend.apply(members[:, own]), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", METHODS)
def test_what_speaks_about_test_rows_is_fitted_on_all(name, scored):
    tuning, panel = scored("k folds")
    fitted = fit_blends(tuning, [name])[name]
    wanted = METHODS[name](tuning.rows, OBJECTIVE, tuning.params).apply(panel.log_probabilities)
    np.testing.assert_array_equal(fitted(panel.log_probabilities), wanted)
    assert fitted.temperatures.tolist() == [1, 1]


def test_a_fit_on_some_rows_weighs_them_as_before(scored, monkeypatch):
    tuning, panel = scored("k folds")
    chosen = panel.rows.folds == 1
    seen = []
    monkeypatch.setitem(METHODS, "greedy", lambda rows, *_: seen.append(rows) or Blend(np.exp))
    fit_blends(tuning, ["greedy"], chosen)
    np.testing.assert_array_equal(seen[0].weights, tuning.rows.weights[chosen])
    np.testing.assert_array_equal(seen[0].gold_ids, tuning.rows.gold_ids[chosen])


@pytest.mark.parametrize("names", [["best_subset"], ["best_subset", "greedy"]])
def test_a_search_that_two_methods_come_to_is_made_once(
    names, scored, ensemble_params, monkeypatch
):
    tuning = replace(scored("k folds")[0], params=ensemble_params(exhaustive_up_to=1))
    wanted = METHODS["greedy"](tuning.rows, OBJECTIVE, tuning.params)
    searches = []
    monkeypatch.setitem(METHODS, "greedy", lambda *given: searches.append(given) or wanted)
    fitted = fit_blends(tuning, names)
    assert list(fitted) == names
    assert all(own.blend is wanted for own in fitted.values())
    assert len(searches) == 1


def test_calibration_brings_members_to_one_scale(scored):
    """The second member says what the first says, five times as loudly."""
    tuning, _ = scored("k folds", calibrate=True, n_members=1, skill=2.0)
    quiet = tuning.rows.log_probabilities[0]
    loud = log_softmax(5 * quiet, axis=1)
    tuning = replace(tuning, rows=replace(tuning.rows, log_probabilities=np.stack([quiet, loud])))
    fitted = fit_blends(tuning, ["soft_vote"])["soft_vote"]
    quiet_temperature, loud_temperature = fitted.temperatures
    assert loud_temperature == pytest.approx(5 * quiet_temperature, rel=1e-3)
    wanted = np.exp(log_softmax(quiet / quiet_temperature, axis=1))
    np.testing.assert_allclose(fitted(np.stack([quiet, loud])), wanted, rtol=2e-3, atol=1e-6)


def test_one_fold_leaves_untuned_methods_as_they_are(scored, make_table):
    """There is no other row, not even for a temperature."""
    tuning, panel = scored("k folds", calibrate=True)
    one_fold = make_table(panel.rows.row_ids, panel.log_probabilities[0], np.zeros(len(panel)))
    blended = nested_probabilities(tuning, replace(panel, rows=one_fold), list(UNTUNED))
    for name in UNTUNED:
        wanted = METHODS[name](tuning.rows, OBJECTIVE, tuning.params).apply(panel.log_probabilities)
        np.testing.assert_allclose(blended[name], wanted, rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    temperatures=st.lists(st.floats(0.05, 20), min_size=3, max_size=3), seed=st.integers(0, 10**6)
)
def test_softening_keeps_order_and_sums(temperatures, seed, draw_rows):
    members = draw_rows(n_members=3, seed=seed).log_probabilities
    softened = soften(members, np.array(temperatures))
    np.testing.assert_allclose(np.exp(softened).sum(axis=2), 1, rtol=1e-4)
    assert (softened.argmax(axis=2) == members.argmax(axis=2)).all()
    wanted = log_softmax(members / np.reshape(temperatures, (3, 1, 1)), axis=2)
    np.testing.assert_allclose(softened, np.maximum(wanted, LOG_ZERO), rtol=1e-4, atol=1e-5)


def rule_out(members, rows, label_ids):
    """Rule labels out of the first rows, as a decoding option or a head would."""
    logits = members.astype(np.float64)
    logits[:, np.arange(rows), label_ids[:rows]] = -np.inf
    return np.stack([log_probabilities(own) for own in logits]).astype(np.float32)


def test_a_label_that_is_ruled_out_stays_so_at_any_temperature(draw_rows):
    rows = draw_rows(n_members=1)
    softened = soften(rule_out(rows.log_probabilities, 60, rows.gold_ids), np.array([20.0]))
    of_gold = softened[0, np.arange(60), rows.gold_ids]
    np.testing.assert_allclose(of_gold, LOG_ZERO, rtol=1e-6)


def test_rows_whose_truth_is_ruled_out_do_not_decide_a_temperature(draw_rows, ensemble_params):
    """Nothing can make their true label likelier; one would outweigh a thousand other rows."""
    rows = draw_rows(n_members=1, n_rows=400, skill=2.0)
    impossible = replace(
        rows, log_probabilities=rule_out(rows.log_probabilities, 20, rows.gold_ids)
    )
    tuning = Tuning(impossible, OBJECTIVE, ensemble_params(calibrate=True))
    (found,) = fit_blends(tuning, ["soft_vote"])["soft_vote"].temperatures
    assert found == pytest.approx(
        fit_temperature(rows.log_probabilities[0, 20:], rows.gold_ids[20:]), rel=1e-4
    )
