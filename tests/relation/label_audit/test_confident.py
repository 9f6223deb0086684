"""Confident learning against hand-computed cases and a naive version of the paper's counting."""

import warnings

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import given as example
from hypothesis import strategies as st

from klue_pipeline.relation.label_audit import judge_labels
from klue_pipeline.relation.label_audit.confident import estimate_joint
from klue_pipeline.relation.settings.exploration_params import LabelAuditParams


def params(**changed):
    usual = {"issues_by": "both", "rank_by": "self_confidence", "max_suspects": None}
    return LabelAuditParams(**usual | changed)


def naive_confident_joint(given, probabilities):
    """Count as in Northcutt et al. (2021), section 3.1, before calibration; slow and plain.

    As cleanlab does, a row that is confidently of several labels counts for its likeliest of all,
    where the paper takes the likeliest of the several.
    """
    count = probabilities.shape[1]
    thresholds = [
        max(probabilities[given == label, label].mean(), 1 / count) if (given == label).any() else 2
        for label in range(count)
    ]
    joint = np.zeros((count, count))
    for label, row in zip(given, probabilities, strict=True):
        confident = [k for k in range(count) if row[k] >= thresholds[k] - 1e-6]
        if confident:
            joint[label, confident[0] if len(confident) == 1 else row.argmax()] += 1
    return joint


# 4 + 4 rows of labels 0 and 1, mean confidence 0.65625 and 0.625; row 3 and row 7 look mistaken.
GIVEN = [0, 0, 0, 0, 1, 1, 1, 1]
FIRST = [0.875, 0.75, 0.75, 0.25, 0.25, 0.125, 0.25, 0.875]  # sums in binary are exact
PROBABILITIES = np.array([FIRST, [1 - p for p in FIRST]]).T


def test_joint_of_a_case_worked_by_hand(make_audited):
    # Confidently 0 (>= .65625): rows 0, 1, 2, 7; confidently 1 (>= .625): rows 3, 4, 5, 6.
    judgement = judge_labels(make_audited(GIVEN, PROBABILITIES), params())
    assert judgement.joint.tolist() == [[3, 1], [1, 3]]
    assert judgement.is_issue.nonzero()[0].tolist() == [3, 7]
    assert judgement.order.tolist() == [7, 3, 1, 2, 4, 6, 0, 5]
    assert judgement.suggested.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]
    np.testing.assert_allclose(judgement.self_confidence[[3, 7, 0]], [0.25, 0.125, 0.875])
    np.testing.assert_allclose(judgement.suggested_probability[[3, 7, 0]], [0.75, 0.875, 0.125])
    np.testing.assert_allclose(judgement.margin[[3, 7, 0]], [0.5, 0.75, -0.75])


def test_the_margin_prefers_a_clear_alternative(make_audited):
    probabilities = [[0.1, 0.3, 0.3, 0.3], [0.15, 0.85, 0, 0], [0, 0.9, 0, 0.1], [0, 0, 0.9, 0.1]]
    audited = make_audited([0, 0, 1, 2], probabilities)
    by_confidence = judge_labels(audited, params())
    by_margin = judge_labels(audited, params(rank_by="normalized_margin"))
    assert by_confidence.order.tolist()[:2] == [0, 1]
    assert by_margin.order.tolist()[:2] == [1, 0]


@st.composite
def scored_rows(draw):
    count, rows = draw(st.integers(2, 6)), draw(st.integers(2, 300))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    sharpness = draw(st.sampled_from([0.1, 1.0, 10.0, 200.0]))  # 200: softmax saturates
    logits = sharpness * generator.normal(size=(rows, count))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    used = draw(st.integers(2, count))
    given = np.concatenate([[0, used - 1], generator.integers(0, used, rows - 2)])
    return given, powers / powers.sum(axis=1, keepdims=True)


@example(scored_rows())
@settings(max_examples=100, deadline=None)
def test_the_joint_is_the_papers_count_with_rows_as_given(scored):
    given, probabilities = scored
    naive = naive_confident_joint(given, probabilities)
    np.fill_diagonal(naive, np.maximum(naive.diagonal(), 1))
    support = np.bincount(given, minlength=len(naive))
    calibrated = naive / naive.sum(axis=1, keepdims=True) * support[:, None]
    joint = estimate_joint(given, probabilities)
    assert joint.sum(axis=1).tolist() == support.tolist()
    np.testing.assert_allclose(joint, calibrated, rtol=0, atol=2)  # whole rows, sums kept


@example(
    scored=scored_rows(),
    rule=st.sampled_from(["both", "prune_by_noise_rate", "prune_by_class", "predicted_neq_given"]),
    rank_by=st.sampled_from(["self_confidence", "normalized_margin"]),
)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_every_row_is_ranked_once_and_issues_are_not_what_the_model_says(
    make_audited, scored, rule, rank_by
):
    given, probabilities = scored
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judgement = judge_labels(
            make_audited(given, probabilities), params(issues_by=rule, rank_by=rank_by)
        )
    assert sorted(judgement.order) == list(range(len(given)))
    quality = -judgement.margin if rank_by == "normalized_margin" else judgement.self_confidence
    assert (np.diff(quality[judgement.order]) >= -1e-12).all()
    assert (judgement.suggested != given).all()
    assert (judgement.margin[judgement.is_issue] >= 0).all()


def test_a_label_without_rows_and_one_with_a_single_row_are_fine(make_audited):
    probabilities = np.column_stack([PROBABILITIES, np.zeros((8, 2))])
    audited = make_audited([*GIVEN[:-1], 3], probabilities)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        judgement = judge_labels(audited, params())
    assert judgement.joint.sum(axis=1).tolist() == [4, 3, 0, 1]
    assert not judgement.is_issue[7]  # the only row of its label


def test_a_label_the_model_has_not_learned_attracts_no_rows():
    """Its rows have a mean probability near 0, which every row reaches (see ``estimate_joint``)."""
    generator = np.random.default_rng(0)
    given = np.array([0] * 50 + [1] * 50 + [2] * 2)
    first = np.where(given == 0, 0.7, 0.25) + generator.uniform(-0.2, 0.2, len(given))
    probabilities = np.column_stack([first, 0.999 - first, np.full(len(given), 0.001)])
    joint = estimate_joint(given, probabilities)
    assert joint[:, 2].sum() <= 1  # cleanlab keeps one row of each label where it is
    assert joint[:2, :2].sum() == 100


def test_equal_rows_stay_in_the_order_of_the_data(make_audited):
    judgement = judge_labels(make_audited([0, 1, 0, 1], [[0.5, 0.5]] * 4), params())
    assert judgement.order.tolist() == [0, 1, 2, 3]
    assert not judgement.is_issue.any()
