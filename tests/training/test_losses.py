"""Losses: one number per row, as the papers have it."""

import math
from itertools import pairwise
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss
from sklearn.utils.class_weight import compute_class_weight
from torch.nn import functional

from klue_pipeline.training.losses import LOSSES, LossContext, Targets, build_loss
from klue_pipeline.training.losses.distillation import soft_loss
from klue_pipeline.training.losses.label_weights import (
    copied_to,
    effective_number,
    inverse_frequency,
)
from klue_pipeline.training.losses.ldam import label_margins
from klue_pipeline.training.params import LossParams

COUNTS = (16, 1, 81)
LABELS = ("no_relation", "per:title", "per:product")
KLUE_COUNTS = (
    9534, 4284, 3573, 2103, 1866, 1320, 1234, 1195, 1130, 1001, 795, 534, 520, 450, 420, 418, 380,
    304, 193, 190, 166, 155, 139, 136, 98, 96, 82, 66, 48, 40,
)  # fmt: skip
"""Rows per relation in KLUE-RE's training file (Park et al., 2021), most frequent first."""

BY_NAME = {
    "cross_entropy": {"name": "cross_entropy"},
    "weighted_ce": {"name": "weighted_ce"},
    "focal": {"name": "focal", "gamma": 2.0, "alpha": {"per:title": 0.25}},
    "focal_with_a_root": {"name": "focal", "gamma": 0.5},
    "class_balanced_ce": {"name": "class_balanced", "beta": 0.9, "inside": "cross_entropy"},
    "class_balanced_focal": {
        "name": "class_balanced", "beta": 0.9, "inside": "focal", "gamma": 1.5,
    },
    "ldam": {
        "name": "ldam", "beta": 0.9, "max_margin": 0.5, "reweight_after_share": 0.5,
    },
    "distillation": {
        "name": "distillation", "teachers": ["large"], "temperature": 2.0, "teacher_weight": 0.5,
        "inside": "cross_entropy",
    },
}  # fmt: skip
EVERY_LOSS = pytest.mark.parametrize("loss_settings", BY_NAME.values(), ids=BY_NAME)


def build(counts=COUNTS, scale=1.0, labels=LABELS, **loss_settings):
    context = LossContext(labels, torch.tensor(counts), scale)
    loss = build_loss(LossParams(**loss_settings), context)
    return lambda logits, gold, progress: loss(logits, taught(logits, gold), progress)


def taught(logits, gold):
    """Targets with a teacher that favours the gold label, and rules out what the model does."""
    favoured = functional.one_hot(gold, logits.shape[-1]).to(logits.dtype)
    return Targets(gold, torch.where(logits.detach() > -1e4, favoured, -1e4))


def some_rows(rows=12, labels=3, spread=3.0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(0)
    logits = spread * torch.randn(rows, labels, generator=generator, dtype=dtype)
    return logits, torch.arange(rows) % labels


def by_hand(logits, gold, *, smoothing=0.0, gamma=0.0, weights=None, margins=None):
    """-sum_j q_j (1 - p_j)^gamma log p_j per row, in plain Python."""
    losses = []
    for row, label in zip(logits.tolist(), gold.tolist(), strict=True):
        shifted = list(row)
        shifted[label] -= margins[label] if margins else 0.0
        total = sum(math.exp(value) for value in shifted)
        loss = 0.0
        for j, value in enumerate(shifted):
            p = math.exp(value) / total
            q = (1 - smoothing) * (j == label) + smoothing / len(row)
            loss -= q * (1 - p) ** gamma * math.log(p)
        losses.append(loss * (weights[label] if weights else 1.0))
    return torch.tensor(losses, dtype=torch.float64)


def test_every_legal_name_has_a_loss():
    legal = get_args(LossParams.model_fields["name"].annotation)
    assert set(LOSSES) == set(legal)


# Cross-entropy


def test_cross_entropy_by_hand():
    logits = torch.tensor([[math.log(1.0), math.log(2.0), math.log(5.0)], [0.0, 0.0, 0.0]])
    losses = build(name="cross_entropy")(logits, torch.tensor([1, 2]), 0.0)
    assert losses.tolist() == pytest.approx([math.log(8 / 2), math.log(3)])


def test_cross_entropy_is_scikit_learns():
    logits, gold = some_rows(50)
    losses = build(name="cross_entropy")(logits, gold, 0.0)
    probabilities = np.exp(logits.numpy()) / np.exp(logits.numpy()).sum(1, keepdims=True)
    assert losses.shape == (50,)
    assert losses.mean().item() == pytest.approx(log_loss(gold, probabilities, labels=[0, 1, 2]))


def test_gradient_is_probability_minus_gold():
    logits, gold = some_rows()
    logits.requires_grad_()
    build(name="cross_entropy")(logits, gold, 0.0).sum().backward()
    wanted = logits.softmax(1) - functional.one_hot(gold, 3)
    torch.testing.assert_close(logits.grad, wanted.detach())


# Each loss against its formula, written out


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.6])
@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
def test_focal_by_hand(gamma, smoothing):
    logits, gold = some_rows()
    alpha = {"per:title": 0.25, "no_relation": 3.0}
    loss = build(name="focal", gamma=gamma, alpha=alpha, label_smoothing=smoothing)
    wanted = by_hand(logits, gold, gamma=gamma, smoothing=smoothing, weights=[3.0, 0.25, 1.0])
    torch.testing.assert_close(loss(logits, gold, 0.0), wanted)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_weighted_cross_entropy_by_hand(smoothing):
    logits, gold = some_rows()
    weights = [98 / (3 * 16), 98 / (3 * 1), 98 / (3 * 81)]
    loss = build(name="weighted_ce", label_smoothing=smoothing)
    wanted = by_hand(logits, gold, smoothing=smoothing, weights=weights)
    torch.testing.assert_close(loss(logits, gold, 0.0), wanted)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize(
    ("inside", "gamma"), [({"inside": "cross_entropy"}, 0.0), ({"inside": "focal"}, 1.5)]
)
def test_class_balanced_by_hand(inside, gamma, smoothing):
    logits, gold = some_rows()
    raw = [0.1 / (1 - 0.9**count) for count in COUNTS]
    focusing = {"gamma": gamma} if gamma else {}
    loss = build(name="class_balanced", beta=0.9, label_smoothing=smoothing, **inside, **focusing)
    weights = [3 * weight / sum(raw) for weight in raw]
    wanted = by_hand(logits, gold, gamma=gamma, smoothing=smoothing, weights=weights)
    torch.testing.assert_close(loss(logits, gold, 0.0), wanted)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_ldam_by_hand(smoothing):
    """Counts of 16, 1 and 81 have fourth roots of 2, 1 and 3."""
    cosines, gold = some_rows(spread=0.3)
    loss = build(scale=30.0, **BY_NAME["ldam"], label_smoothing=smoothing)
    margins = [30 * 0.5 / 2, 30 * 0.5, 30 * 0.5 / 3]
    raw = [0.1 / (1 - 0.9**count) for count in COUNTS]
    weights = [3 * weight / sum(raw) for weight in raw]
    plain = by_hand(30 * cosines, gold, smoothing=smoothing, margins=margins)
    weighed = by_hand(30 * cosines, gold, smoothing=smoothing, margins=margins, weights=weights)
    assert not torch.allclose(plain, weighed)
    for progress, wanted in ((0.0, plain), (0.49, plain), (0.5, weighed), (0.99, weighed)):
        torch.testing.assert_close(loss(30 * cosines, gold, progress), wanted)


@pytest.mark.parametrize(("share", "weighs"), [(0.0, True), (1.0, False)])
def test_ldam_reweights_at_once_or_never(share, weighs):
    logits, gold = some_rows()
    fixed = {"name": "ldam", "max_margin": 0.5, "reweight_after_share": share}
    for progress in (0.0, 0.5, 1.0):
        with_weights = build(**fixed, beta=0.99)(logits, gold, progress)
        without = build(**fixed, beta=0.0)(logits, gold, progress)
        assert torch.allclose(with_weights, without) != weighs


# Distillation


TEACHER = [[math.log(1.0), math.log(3.0), math.log(4.0)], [2.0, 0.0, -2.0]]
STUDENT = [[0.0, math.log(2.0), 0.0], [-1.0, 0.5, 1.0]]
DISTILLATION = BY_NAME["distillation"]


def distil(targets, logits=None, **changes):
    params = LossParams(**{**DISTILLATION, **changes})
    loss = build_loss(params, LossContext(LABELS, torch.tensor(COUNTS)))
    return loss(torch.tensor(STUDENT) if logits is None else logits, targets, 0.0)


def divergence(teacher, student, temperature):
    """KL of two softened rows of scores, in plain Python."""
    p, q = ([math.exp(value / temperature) for value in row] for row in (teacher, student))
    p, q = ([value / sum(row) for value in row] for row in (p, q))
    return sum(a * math.log(a / b) for a, b in zip(p, q, strict=True))


def test_a_divergence_worked_out_on_paper():
    """At T = 1: p = (1, 3, 4) / 8 and q = (1, 2, 1) / 4."""
    found = soft_loss(torch.tensor(STUDENT[:1]), torch.tensor(TEACHER[:1]), 1.0)
    wanted = math.log(1 / 2) / 8 + 3 * math.log(3 / 4) / 8 + math.log(2) / 2
    assert found.tolist() == pytest.approx([wanted])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("weight", [0.3, 1.0])
def test_distillation_by_hand(temperature, weight):
    targets = Targets(torch.tensor([2, 0]), torch.tensor(TEACHER))
    found = distil(targets, temperature=temperature, teacher_weight=weight)
    hard = by_hand(torch.tensor(STUDENT), targets.label_ids)
    wanted = [
        weight * temperature**2 * divergence(teacher, student, temperature) + (1 - weight) * own
        for teacher, student, own in zip(TEACHER, STUDENT, hard.tolist(), strict=True)
    ]
    assert found.tolist() == pytest.approx(wanted, rel=1e-5)


def test_the_soft_part_is_torchs_own_divergence_of_logarithms():
    logits, _ = some_rows(20)
    teacher = logits.flip(-1)
    found = soft_loss(logits, teacher, 3.0)
    softened = [functional.log_softmax(scores / 3, -1) for scores in (logits, teacher)]
    each = functional.kl_div(*softened, reduction="none", log_target=True)
    torch.testing.assert_close(found, 9 * each.sum(-1))


def test_gradients_of_the_soft_part_keep_their_size_at_high_temperatures():
    """They become those of half the squared difference of centred scores, over the labels."""
    logits, _ = some_rows()
    teacher = logits.flip(0)
    logits.requires_grad_()
    soft_loss(logits, teacher, 1000.0).sum().backward()
    apart = logits.detach() - teacher
    wanted = (apart - apart.mean(-1, keepdim=True)) / 3
    torch.testing.assert_close(logits.grad, wanted, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize(
    "inside", [{"inside": "cross_entropy"}, {"inside": "focal", "gamma": 2.0}], ids=str
)
def test_without_weight_the_teacher_is_not_heard(inside):
    logits, gold = some_rows()
    plain = {"name": inside["inside"], **{k: v for k, v in inside.items() if k == "gamma"}}
    settings = {**DISTILLATION, **inside, "teacher_weight": 0.0, "label_smoothing": 0.1}
    found = build(**settings)(logits, gold, 0.0)
    torch.testing.assert_close(found, build(**plain, label_smoothing=0.1)(logits, gold, 0.0))


def test_a_row_without_a_label_has_the_soft_part_alone():
    logits = torch.tensor(STUDENT, requires_grad=True)
    losses = distil(Targets(torch.tensor([-1, 0]), torch.tensor(TEACHER)), logits)
    soft = 0.5 * 4 * divergence(TEACHER[0], STUDENT[0], 2.0)
    assert losses[0].item() == pytest.approx(soft, rel=1e-5)
    assert losses[1].item() > 0.5 * 4 * divergence(TEACHER[1], STUDENT[1], 2.0)
    losses.sum().backward()
    assert logits.grad.isfinite().all()


def test_a_label_that_the_teacher_rules_out_counts_nothing():
    teacher = torch.tensor([[0.0, 0.0, -math.inf]])
    found = soft_loss(torch.zeros(1, 3), teacher, 2.0)
    assert found.tolist() == pytest.approx([4 * math.log(3 / 2)])


def test_rows_without_a_teacher_cannot_be_distilled():
    with pytest.raises(ValueError, match="without a teacher's scores; train by kedro run"):
        distil(Targets(torch.tensor([0, 1])))


# Limit cases


LIMITS = {
    "focal of gamma 0": {"name": "focal", "gamma": 0.0},
    "focal of alpha 1": {"name": "focal", "gamma": 0.0, "alpha": dict.fromkeys(LABELS, 1.0)},
    "beta 0": {"name": "class_balanced", "beta": 0.0, "inside": "cross_entropy"},
    "both": {"name": "class_balanced", "beta": 0.0, "inside": "focal", "gamma": 0.0},
    "no margin": {"name": "ldam", "beta": 0.0, "max_margin": 1e-12, "reweight_after_share": 0.0},
}


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_limits_are_cross_entropy(limit, smoothing):
    logits, gold = some_rows()
    found = build(**limit, label_smoothing=smoothing)(logits, gold, 0.7)
    wanted = functional.cross_entropy(logits, gold, reduction="none", label_smoothing=smoothing)
    torch.testing.assert_close(found, wanted)


@EVERY_LOSS
def test_vanishing_smoothing_is_none(loss_settings):
    logits, gold = some_rows()
    without = build(**loss_settings)(logits, gold, 0.7)
    with_little = build(**loss_settings, label_smoothing=1e-9)(logits, gold, 0.7)
    with_some = build(**loss_settings, label_smoothing=0.2)(logits, gold, 0.7)
    torch.testing.assert_close(with_little, without)
    assert not torch.allclose(with_some, without)


@pytest.mark.parametrize("name", ["weighted_ce", "class_balanced_ce"])
def test_equal_counts_are_unweighted(name):
    logits, gold = some_rows()
    found = build((7, 7, 7), **BY_NAME[name])(logits, gold, 0.0)
    torch.testing.assert_close(found, build(name="cross_entropy")(logits, gold, 0.0))


# What holds for all of them


@EVERY_LOSS
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_gradients_are_those_of_finite_differences(loss_settings, smoothing):
    logits, gold = some_rows()
    loss = build(**loss_settings, label_smoothing=smoothing)
    for progress in (0.0, 0.7):
        assert torch.autograd.gradcheck(
            lambda values, at=progress: loss(values, gold, at), (logits.clone().requires_grad_(),)
        )


@EVERY_LOSS
def test_a_row_does_not_see_the_others(loss_settings):
    loss = build(**loss_settings)
    logits, gold = some_rows(6)
    alone = torch.cat([loss(logits[i : i + 1], gold[i : i + 1], 0.7) for i in range(6)])
    torch.testing.assert_close(loss(logits, gold, 0.7), alone)


@EVERY_LOSS
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@settings(deadline=None, max_examples=12)
@given(
    rows=st.lists(
        st.lists(
            st.sampled_from([-1e4, -104.0, -17.0, -1e-4, 0.0, 3.0, 17.0, 104.0, 1e4]),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=5,
    ),
    progress=st.sampled_from([0.0, 0.7]),
)
def test_extreme_logits_give_finite_losses_and_gradients(loss_settings, smoothing, rows, progress):
    """Scores of -10,000 are what ``type_restricted`` gives labels that a pair cannot have."""
    loss = build(**loss_settings, label_smoothing=smoothing)
    for label in range(3):
        logits = torch.tensor(rows, requires_grad=True)
        losses = loss(logits, torch.full((len(rows),), label), progress)
        losses.sum().backward()
        assert losses.dtype == torch.float32
        assert losses.isfinite().all()
        assert (losses >= 0).all()
        assert logits.grad.isfinite().all()


@EVERY_LOSS
def test_a_label_without_rows_spoils_nothing(loss_settings):
    """The rows of the other labels are judged as if the label were not counted at all."""
    logits, gold = some_rows(labels=2)
    two = build((16, 81), labels=("no_relation", "per:title"), **loss_settings)
    three = build((16, 81, 0), **loss_settings)
    impossible = torch.full((len(gold), 1), -1e4, dtype=torch.float64)
    found = three(torch.cat([logits, impossible], dim=1), gold, 0.7)
    torch.testing.assert_close(found, two(logits, gold, 0.7))


@EVERY_LOSS
def test_losses_stay_on_the_logits_device(loss_settings):
    logits, gold = torch.empty(4, 3, device="meta"), torch.empty(4, device="meta").long()
    losses = build(**loss_settings)(logits, gold, 0.7)
    assert (losses.device.type, losses.shape, losses.dtype) == ("meta", (4,), torch.float32)


def test_values_are_copied_to_a_device_once():
    values_for = copied_to(torch.ones(3, dtype=torch.float64))
    first, second = (values_for(torch.zeros(2, 3, device="meta")) for _ in range(2))
    assert first is second
    assert values_for(torch.zeros(2, 3)).device.type == "cpu"


# Weights by label


positive_counts = st.lists(st.integers(1, 10_000), min_size=1, max_size=30)
any_counts = st.lists(st.integers(0, 10_000), min_size=1, max_size=30).filter(any)


@given(positive_counts)
def test_inverse_frequency_is_scikit_learns(counts):
    rows = np.repeat(np.arange(len(counts)), np.minimum(counts, 50))
    found = inverse_frequency(torch.tensor(np.bincount(rows)))
    wanted = compute_class_weight("balanced", classes=np.unique(rows), y=rows)
    np.testing.assert_allclose(found.numpy(), wanted)


@given(any_counts)
def test_inverse_frequency_weighs_the_mean_row_1(counts):
    weights = inverse_frequency(torch.tensor(counts)).tolist()
    total = sum(weight * count for weight, count in zip(weights, counts, strict=True))
    assert total == pytest.approx(sum(counts))
    assert [weight == 0 for weight in weights] == [count == 0 for count in counts]


def test_effective_number_by_hand():
    """For beta 1/2, one row counts 1 and two count 1.5; the weights 1 and 2/3 add up to 2."""
    assert effective_number(torch.tensor([1, 2]), 0.5).tolist() == pytest.approx([1.2, 0.8])
    assert effective_number(torch.tensor([1, 0, 2]), 0.5).tolist() == pytest.approx([1.2, 0, 0.8])


@given(any_counts, st.sampled_from([0.0, 0.5, 0.99, 0.9999, 0.9999999]))
def test_effective_number_weighs_rare_labels_more(counts, beta):
    weights = effective_number(torch.tensor(counts), beta)
    occurs = [count > 0 for count in counts]
    assert weights.isfinite().all()
    assert weights.sum().item() == pytest.approx(sum(occurs))
    assert [weight > 0 for weight in weights.tolist()] == occurs
    by_count = [w for _, w in sorted(zip(counts, weights.tolist(), strict=True)) if w]
    # Vector instructions may round equal counts differently, by the last bit.
    assert all(former >= latter * (1 - 1e-12) for former, latter in pairwise(by_count))


@pytest.mark.parametrize(("beta", "ratio"), [(0.99, 3.02), (0.999, 25.5), (0.9999, 153.9)])
def test_weights_on_klue(beta, ratio):
    """The 40 rows of per:place_of_death against the 9,534 of no_relation."""
    weights = effective_number(torch.tensor(KLUE_COUNTS), beta)
    assert sum(KLUE_COUNTS) == 32_470
    assert (weights.max() / weights.min()).item() == pytest.approx(ratio, rel=2e-3)


def test_margins_on_klue():
    margins = label_margins(torch.tensor((*KLUE_COUNTS, 0)), 0.5).tolist()
    assert margins[-2] == pytest.approx(0.5)
    assert margins[0] == pytest.approx(0.13, abs=0.005)
    assert margins[-1] == 0.0


# Bad input


def test_alpha_of_an_unknown_label_names_near_ones():
    with pytest.raises(ValueError, match=r"no such label: 'per:titel', near per:title"):
        build(name="focal", gamma=2.0, alpha={"per:titel": 2.0, "no_relation": 1.0})


def test_alpha_of_a_label_like_no_other_names_all():
    with pytest.raises(ValueError, match="'xyz', near no_relation, per:title, per:product"):
        build(name="focal", gamma=2.0, alpha={"xyz": 2.0})


@pytest.mark.parametrize("counts", [(1, 2), (1, 2, 3, 4), ((1, 2, 3),)])
def test_one_count_per_label(counts):
    with pytest.raises(ValueError, match="one row count for each of its 3 labels; found"):
        build(counts, name="cross_entropy")


@pytest.mark.parametrize("counts", [(0, 0, 0), (5, -1, 2)])
def test_counts_of_no_training_rows(counts):
    with pytest.raises(ValueError, match=r"one of them above 0; found \[.*training part"):
        build(counts, name="cross_entropy")
