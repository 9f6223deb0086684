"""One vote per member, counted naively."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.ensemble.methods.objective import Objective
from klue_pipeline.relation.ensemble.methods.votes import hard_vote

OBJECTIVE = Objective("micro_f1", 0)


def winner(probabilities):
    """The label with the most votes, of equal ones that with the highest mean probability."""
    votes = Counter(own.argmax() for own in probabilities)
    mean = probabilities.mean(axis=0)
    return max(votes, key=lambda label: (votes[label], mean[label]))


@pytest.fixture(scope="module")
def vote(draw_rows, ensemble_params):
    """Count what any members say; the rows that a method is given are not read."""
    return lambda said: hard_vote(draw_rows(len(said)), OBJECTIVE, ensemble_params()).apply(said)


@settings(max_examples=30, deadline=None)
@given(n_members=st.integers(1, 6), n_labels=st.integers(2, 5), seed=st.integers(0, 10**6))
def test_the_majority_wins_and_ties_go_by_the_mean(n_members, n_labels, seed, draw_rows, vote):
    said = draw_rows(n_members, 40, n_labels, seed).said
    told, probabilities = vote(said), np.exp(said.astype(np.float64))
    wanted = [winner(probabilities[:, row]) for row in range(40)]
    assert told.argmax(axis=1).tolist() == wanted
    np.testing.assert_allclose(told.sum(axis=1), 1, rtol=1e-5)
    assert (told >= 0).all()


def test_by_hand(vote):
    """Votes 2 to 1 for a label whose mean probability is the lower one."""
    said = np.log([[[0.55, 0.45]], [[0.55, 0.45]], [[0.1, 0.9]]]).astype(np.float32)
    (told,) = vote(said)
    # (votes + mean) / 4, with means 0.4 and 0.6.
    np.testing.assert_allclose(told, [0.6, 0.4], rtol=1e-5)


def test_no_certainty_outweighs_a_vote(vote):
    barely, certain = np.log([0.334, 0.333, 0.333]), np.log([1e-30, 1.0, 1e-30])
    said = np.array([[barely]] * 3 + [[certain]] * 2, dtype=np.float32)
    assert vote(said).argmax() == 0


def test_equal_votes_keep_the_order_of_probabilities(vote):
    """AUPRC needs an order among rows; plain vote counts would leave only ties."""
    said = np.log([[[0.6, 0.4], [0.9, 0.1], [0.7, 0.3]]] * 2).astype(np.float32)
    told = vote(said)
    assert told[:, 0].argsort().tolist() == [0, 2, 1]


def test_every_member_has_the_same_weight(draw_rows, ensemble_params):
    blend = hard_vote(draw_rows(n_members=4), OBJECTIVE, ensemble_params())
    assert blend.weights == pytest.approx([0.25] * 4)
