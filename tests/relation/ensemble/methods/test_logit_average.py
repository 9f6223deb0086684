"""The geometric mean of probabilities."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gmean

from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.relation.ensemble.members import seat_test
from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.ensemble.methods.votes import logit_average

OBJECTIVE = Objective("micro_f1", 0)


@settings(max_examples=30, deadline=None)
@given(n_members=st.integers(1, 6), seed=st.integers(0, 10**6))
def test_it_is_the_normalised_geometric_mean(n_members, seed, draw_rows, ensemble_params):
    rows = draw_rows(n_members, seed=seed)
    blend = logit_average(rows, OBJECTIVE, ensemble_params())
    wanted = gmean(np.exp(rows.said.astype(np.float64)), axis=0)
    wanted /= wanted.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(blend.apply(rows.said), wanted, rtol=1e-4)
    assert blend.weights.tolist() == [1 / n_members] * n_members


def test_a_constant_on_a_members_logits_changes_nothing(draw_rows, make_table, ensemble_params):
    """Logits of a row are told up to a constant, which differs between members."""
    generator = np.random.default_rng(0)
    first, second = generator.normal(size=(2, 5, 4))
    lifted = second + generator.normal(size=(5, 1)) * 10
    blend = logit_average(draw_rows(n_members=2), OBJECTIVE, ensemble_params())
    told = [
        blend.apply(
            seat_test({"a": make_table("abcde", first), "b": make_table("abcde", own)}).said
        )
        for own in (second, lifted)
    ]
    np.testing.assert_allclose(*told, rtol=1e-4)
    softmax = np.exp((first + second) / 2)
    np.testing.assert_allclose(told[0], softmax / softmax.sum(axis=1, keepdims=True), rtol=1e-4)


@pytest.mark.parametrize("n_others", [1, 9, 39])
def test_one_doubt_weighs_much_and_less_among_many(
    n_others, draw_rows, make_table, ensemble_params
):
    """What a member rules out has the least probability there is, and not none."""
    doubting = make_table("x", [[-np.inf, 0, 0]])
    others = {f"m{place}": make_table("x", [[9.0, 0, 0]]) for place in range(n_others)}
    panel = seat_test({"doubt": doubting, **others})
    blend = logit_average(draw_rows(n_members=2), OBJECTIVE, ensemble_params())
    ((out, left, _),) = blend.apply(panel.said)
    # Of the ratio, each other member says 9 and the doubting one ln(tiny) - ln(1/2).
    wanted = (9 * n_others + LOG_ZERO + np.log(2)) / (n_others + 1)
    np.testing.assert_allclose(np.log(out / left), wanted, atol=1e-4)
    assert (out > left) == (n_others > 9)


def test_a_label_that_one_of_two_members_rules_out_is_out(draw_rows, make_table, ensemble_params):
    """The mean of probabilities would keep half of what the other one gives it."""
    panel = seat_test(
        {"a": make_table("x", [[-np.inf, 0, 0]]), "b": make_table("x", [[9.0, 1.0, 0.0]])}
    )
    (told,) = logit_average(draw_rows(n_members=2), OBJECTIVE, ensemble_params()).apply(panel.said)
    assert told[0] < 1e-12
    # Of the others, the square roots of e and 1 are left.
    np.testing.assert_allclose(told[1] / told[2], np.exp(0.5), rtol=1e-4)
