"""Head ``type_restricted``: what is forbidden, what is shared, and what falls back."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy, gelu

from klue_pipeline.relation.model.heads import build_head

LEGAL = [{0, 2}, {0, 1, 3}, {0}]  # of the three rows of ``inputs``


@pytest.fixture
def head(batch):
    torch.manual_seed(0)
    head = build_head(batch.params("type_restricted", dropout=0.0), batch.shape)
    torch.nn.init.normal_(head.corrections.weight)
    torch.nn.init.normal_(head.corrections.bias)
    return head


def features_of(head, inputs):
    rows = range(len(inputs.states))
    places = [[0, *inputs.positions[row, [0, 2]].tolist()] for row in rows]
    pooled = [inputs.states[row, places[row]].flatten() for row in rows]
    return gelu(head.hidden(torch.stack(pooled)))


def test_each_row_by_its_own_classifier(head, inputs, batch):
    logits, features = head(inputs), features_of(head, inputs)
    pairs = ["PER:ORG", "ORG:PER", "ORG:DAT"]
    numbers = [list(batch.shape.legal_labels).index(pair) for pair in pairs]
    for row, number in enumerate(numbers):
        own = slice(number * 4, number * 4 + 4)
        weight = head.output.weight + head.corrections.weight[own]
        bias = head.output.bias + head.corrections.bias[own]
        wanted = weight @ features[row] + bias
        for label in LEGAL[row]:
            torch.testing.assert_close(logits[row, label], wanted[label])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_forbidden_labels_have_no_probability_at_all(head, inputs, dtype):
    with torch.no_grad():
        head.output.weight.mul_(50)  # logits far beyond what training makes
    logits = head(inputs).detach().numpy().astype(dtype)
    assert np.isfinite(logits).all()
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponents / exponents.sum(axis=1, keepdims=True)
    assert [set(np.flatnonzero(row)) for row in probabilities] == LEGAL
    assert probabilities[2].tolist() == [1, 0, 0, 0]


def test_forbidden_labels_fit_into_float16(head, inputs):
    logits = head(inputs).half()
    assert torch.isfinite(logits).all()
    assert [set(row.nonzero().flatten().tolist()) for row in logits.softmax(dim=1)] == LEGAL


@pytest.mark.parametrize("types", [[1, 1], [3, 2], [0, 2], [1, 0], [0, 0]])
def test_other_pairs_get_the_shared_classifier(head, inputs, types):
    """Pairs that training has not seen, and entities of unknown type."""
    unseen = replace(inputs, type_ids=torch.tensor([types] * 3))
    torch.testing.assert_close(head(unseen), head.output(features_of(head, inputs)))


def test_subject_and_object_types_are_not_interchangeable(head, inputs):
    logits = head(replace(inputs, type_ids=torch.tensor([[1, 2], [2, 1], [1, 2]])))
    assert [set((row > -1e3).nonzero().flatten().tolist()) for row in logits] == [
        {0, 2},
        {0, 1, 3},
        {0, 2},
    ]


def test_all_pairs_start_from_the_shared_classifier(inputs, batch):
    head = build_head(batch.params("type_restricted"), batch.shape).eval()
    shared = head.output(features_of(head, inputs))
    for row, legal in enumerate(LEGAL):
        for label in legal:
            torch.testing.assert_close(head(inputs)[row, label], shared[row, label])


def test_a_row_teaches_the_shared_classifier_and_its_own_pair_only(head, inputs):
    logits = head(replace(inputs, type_ids=torch.tensor([[2, 1]] * 3)))
    cross_entropy(logits, torch.tensor([1, 0, 3])).backward()
    taught = head.corrections.weight.grad.abs().sum(dim=1).reshape(3, 4) > 0
    assert taught.tolist() == [[False] * 4, [True, True, False, True], [False] * 4]
    assert (head.output.weight.grad.abs().sum(dim=1) > 0).tolist() == [True, True, False, True]


def test_rows_of_unlisted_pairs_teach_the_shared_classifier_only(head, inputs):
    logits = head(replace(inputs, type_ids=torch.tensor([[3, 3]] * 3)))
    cross_entropy(logits, torch.tensor([1, 0, 3])).backward()
    assert head.corrections.weight.grad.abs().max() == 0
    assert (head.output.weight.grad.abs().sum(dim=1) > 0).all()


def test_without_legal_labels_it_is_cls_entity_start(inputs, batch):
    shape = replace(batch.shape, legal_labels={})
    head = build_head(batch.params("type_restricted"), shape).eval()
    plain = build_head(batch.params("cls_entity_start"), shape).eval()
    plain.load_state_dict({k: v for k, v in head.state_dict().items() if "corr" not in k})
    torch.testing.assert_close(head(inputs), plain(inputs))


@pytest.mark.parametrize(
    ("legal_labels", "message"),
    [
        ({"PER:LOC": (0,)}, r"type pairs \['PER:LOC'\]; the entity types are \['PER', 'ORG'"),
        ({"PER": (0,)}, "written <subject type>:<object type>"),
        ({"PER:ORG": ()}, r"gives PER:ORG the label ids \[\]; give at least one"),
        ({"PER:ORG": (0, 4)}, r"label ids \[0, 4\]; .* each from 0 to 3"),
        ({"PER:ORG": (-1, 1)}, r"label ids \[-1, 1\]"),
    ],
)
def test_legal_labels_that_cannot_be(legal_labels, message, batch):
    shape = replace(batch.shape, legal_labels=legal_labels)
    with pytest.raises(ValueError, match=message):
        build_head(batch.params("type_restricted"), shape)
