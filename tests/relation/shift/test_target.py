"""A prior that somebody gives: read in label order, or refused in words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.shift.target import given_target, with_negative_share

LABELS = LabelSet(names=["per:title", "no_relation", "per:spouse"], negative="no_relation")
TRAINING = np.array([0.3, 0.5, 0.2])


@pytest.fixture
def give(make_evaluation):
    """Return a function that gives a prior."""

    def give_prior(labels=LABELS, training=TRAINING, **prior):
        params = make_evaluation(source="given", **prior).target_prior
        return given_target(params, labels, training, 70)

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
        ({"per:title": 0.5, "no_relation": np.nan, "per:spouse": 0.5}, "found nan"),
        ({"per:title": 0, "no_relation": 0, "per:spouse": 0}, "with sum 0"),
    ],
)
def test_shares_that_do_not_fit_are_refused(give, shares, message):
    with pytest.raises(ValueError, match=message):
        give(shares=shares)


def test_a_negative_share_needs_a_negative_label(give):
    labels = LabelSet(names=LABELS.names, negative=None)
    with pytest.raises(ValueError, match="no label is negative; give the share of every label"):
        give(labels, negative_share=0.6)


def test_a_negative_share_needs_relations_to_leave_the_rest_to(give):
    with pytest.raises(ValueError, match="No scored row has a relation"):
        give(training=np.array([0.0, 1.0, 0.0]), negative_share=0.6)


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
