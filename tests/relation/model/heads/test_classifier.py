"""The last layer: plain, or cosines."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.model.heads.classifier import CosineClassifier, build_classifier
from klue_pipeline.relation.settings.params import HeadParams

SEEDS = st.integers(0, 2**32 - 1)


def make_classifier(scale=30.0):
    torch.manual_seed(0)
    return CosineClassifier(width=5, labels=3, scale=scale)


def test_linear_is_a_plain_layer():
    layer = build_classifier(HeadParams(name="cls", dropout=0.0), 5, 3)
    assert isinstance(layer, torch.nn.Linear)
    assert layer.weight.shape == (3, 5)


def test_cosine_takes_its_scale_from_the_settings():
    params = HeadParams(name="cls", dropout=0.0, classifier="cosine", scale=12.0)
    assert build_classifier(params, 5, 3).scale == 12.0


def test_cosine_by_hand():
    classifier = make_classifier(scale=10.0)
    with torch.no_grad():
        classifier.weight.copy_(
            torch.tensor([[2.0, 0, 0, 0, 0], [0, -3, 0, 0, 0], [1, 1, 0, 0, 0]])
        )
    logits = classifier(torch.tensor([[3.0, 4.0, 0, 0, 0]]))
    torch.testing.assert_close(logits, torch.tensor([[6.0, -8.0, 7 * 2**0.5]]))


@given(SEEDS, st.floats(1e-2, 1e4))
def test_logits_are_cosines_whatever_the_lengths(seed, length):
    classifier = make_classifier()
    features = torch.randn(4, 5, generator=torch.Generator().manual_seed(seed))
    logits = classifier(features)
    wanted = 30 * torch.cosine_similarity(features[:, None], classifier.weight[None], dim=2)
    torch.testing.assert_close(logits, wanted, atol=1e-4, rtol=1e-4)
    assert logits.abs().max() <= 30 * (1 + 1e-6)
    directions = torch.nn.functional.normalize(features, dim=1)
    torch.testing.assert_close(classifier(length * directions), logits, atol=1e-3, rtol=1e-3)


def test_labels_start_alike_in_length():
    norms = make_classifier().weight.norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(3))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_zero_vectors_are_zero_cosines_with_small_gradients(dtype):
    classifier = make_classifier()
    with torch.no_grad():
        classifier.weight[1] = 0
    features = torch.zeros(2, 5, dtype=dtype)
    features[0, 0] = 1
    features.requires_grad_()
    logits = classifier(features)
    assert logits[1].tolist() == [0, 0, 0]
    assert logits[0, 1] == 0
    logits.sum().backward()
    assert torch.isfinite(features.grad).all()
    # Next to a gradient of 1e12 (PyTorch's own smallest norm), clipping would erase all others.
    assert max(features.grad.abs().max(), classifier.weight.grad.abs().max()) < 1e5


def test_half_precision_keeps_the_digits_of_a_cosine():
    classifier, features = make_classifier(), torch.randn(4, 5)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        logits = classifier(features)
    assert logits.dtype == torch.float32
    assert torch.equal(logits, classifier(features))
