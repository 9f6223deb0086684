"""The plain mean of probabilities."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.ensemble.methods.interface import TuningRows
from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.ensemble.methods.votes import soft_vote

OBJECTIVE = Objective("micro_f1", 0)


@settings(max_examples=30, deadline=None)
@given(n_members=st.integers(1, 6), seed=st.integers(0, 10**6))
def test_it_is_the_mean_of_probabilities_in_any_order(n_members, seed, draw_rows, ensemble_params):
    rows = draw_rows(n_members, seed=seed)
    blend = soft_vote(rows, OBJECTIVE, ensemble_params())
    mean = np.exp(rows.said.astype(np.float64)).mean(axis=0)
    for said in (rows.said, rows.said[::-1]):
        np.testing.assert_allclose(blend.apply(said), mean, rtol=1e-4)
    assert blend.weights.tolist() == [1 / n_members] * n_members


def test_nothing_is_fitted(draw_rows, ensemble_params):
    """It speaks about rows like any others when it was given none to be fitted on."""
    rows = draw_rows(n_members=3)
    nobody = TuningRows(rows.said[:, :0], rows.gold_ids[:0], rows.weights[:0])
    fitted, unfitted = (soft_vote(own, OBJECTIVE, ensemble_params()) for own in (rows, nobody))
    np.testing.assert_array_equal(fitted.apply(rows.said), unfitted.apply(rows.said))
