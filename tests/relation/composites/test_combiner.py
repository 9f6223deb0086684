"""The combiner: its layers, what it is fitted on, and that it repeats itself."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from klue_pipeline.relation.composites.combiner import (
    Combiner,
    CombinerSettings,
    apply_combiner,
    fit_combiner,
)
from klue_pipeline.relation.settings.params import CompositeParams

SETTINGS = CombinerSettings(
    width=8, dropout=0.1, epochs=15, learning_rate=0.02, weight_decay=0.0, seed=3
)
GOLD = np.arange(120) % 4


def say(gold, labels, seed, sharpness=3.0):
    """Log-probabilities of a model that often sees the label; -1 is a row without an answer."""
    logits = np.random.default_rng(seed).normal(size=(len(gold), labels))
    known = np.flatnonzero(gold >= 0)
    logits[known, gold[known]] += sharpness
    return log_softmax(logits, axis=1)


@pytest.fixture
def models():
    """Which of two halves, and which within them."""
    return [say(GOLD // 2, 2, seed=1), say(GOLD % 2, 2, seed=2), say(GOLD, 4, seed=3)]


def test_layers_are_those_of_the_docstring():
    combiner = Combiner([2, 3], width=5, dropout=0.5, labels=4).eval()
    first, second = torch.randn(6, 2), torch.randn(6, 3)
    weights = {name: value.detach() for name, value in combiner.named_parameters()}

    def linear(name, features):
        return features @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    joined = torch.cat([linear("projections.0", first), linear("projections.1", second)], dim=1)
    wanted = linear("classifier", torch.tanh(linear("join", joined)))
    found = combiner(torch.cat([first, second], dim=1))
    torch.testing.assert_close(found, wanted)
    assert found.shape == (6, 4)


def test_it_learns_what_no_model_alone_knows(models):
    halves, within, _ = models
    combiner = fit_combiner([halves, within], GOLD, 4, SETTINGS)
    logits = apply_combiner(combiner, [halves, within])
    assert logits.dtype == np.float32
    best = 2 * halves.argmax(axis=1) + within.argmax(axis=1)
    assert (logits.argmax(axis=1) == GOLD).mean() >= (best == GOLD).mean() - 0.02
    assert (best == GOLD).mean() > 0.8


def test_the_same_seed_gives_the_same_bits_and_another_one_does_not(models):
    def fit(settings):
        return apply_combiner(fit_combiner(models, GOLD, 4, settings), models)

    first = fit(SETTINGS)
    np.testing.assert_array_equal(fit(SETTINGS), first)
    assert not np.array_equal(fit(replace(SETTINGS, seed=4)), first)


def test_nothing_of_the_caller_is_changed(models):
    torch.manual_seed(5)
    wanted, n_threads = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(5)
    fit_combiner(models, GOLD, 4, replace(SETTINGS, epochs=1))
    torch.testing.assert_close(torch.rand(3), wanted)
    assert torch.get_num_threads() == n_threads


def test_every_setting_does_something(models):
    def fit(**changes):
        return apply_combiner(fit_combiner(models, GOLD, 4, replace(SETTINGS, **changes)), models)

    usual = fit()
    for change in (
        {"width": 9}, {"dropout": 0.0}, {"epochs": 31}, {"learning_rate": 0.01},
        {"weight_decay": 0.5},
    ):  # fmt: skip
        assert not np.array_equal(fit(**change), usual), change


def test_a_label_that_a_model_rules_out_does_not_drown_the_rest(models):
    """Its logarithm may be anything far below; the combiner sees one and the same."""
    combiner = fit_combiner(models, GOLD, 4, SETTINGS)
    ruled_out = [part.copy() for part in models]
    ruled_out[2][:, 0] = -87.0
    lower = [part.copy() for part in ruled_out]
    lower[2][:, 0] = -1e30
    np.testing.assert_array_equal(
        apply_combiner(combiner, ruled_out), apply_combiner(combiner, lower)
    )
    assert np.isfinite(apply_combiner(combiner, lower)).all()


@pytest.mark.parametrize(("rows", "gold"), [([3, 4], 3), ([3, 3], 4), ([], 3), ([0, 0], 0)])
def test_rows_that_do_not_match_are_refused(rows, gold):
    parts = [np.zeros((count, 2)) for count in rows]
    with pytest.raises(ValueError, match=f"the same rows of every model; found .*{gold} true"):
        fit_combiner(parts, np.zeros(gold, dtype=np.int64), 2, SETTINGS)


def test_settings_are_those_of_the_experiment():
    values = {
        "width": 7, "dropout": 0.2, "epochs": 3, "learning_rate": 0.5, "weight_decay": 0.1,
        "seed": 9,
    }  # fmt: skip
    params = CompositeParams(name="combine", **values)
    assert CombinerSettings.of(params) == CombinerSettings(**values)
