"""Roles and types of tokens, by positions alone."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.model.entity_embedding import EntityEmbedding, assign_roles

POSITIONS = torch.tensor([[1, 3, 4, 5], [3, 6, 0, 2], [0, 0, 0, 0]])
TYPE_IDS = torch.tensor([[1, 3], [0, 2], [2, 1]])


def filled(name, width=4):
    """Embeddings as if trained: row i holds the number i + 1 (roles) or 10 * i (types)."""
    embedding = EntityEmbedding(name, n_types=3, width=width)
    with torch.no_grad():
        embedding.roles.weight[1:] = torch.tensor([[1.0], [2.0]])
        if embedding.types is not None:
            embedding.types.weight[1:] = torch.tensor([[10.0], [20.0], [30.0]])
    return embedding


def test_roles_by_hand():
    assert assign_roles(6, POSITIONS).tolist() == [
        [0, 1, 1, 0, 2, 0],
        [2, 2, 0, 1, 1, 1],
        [0, 0, 0, 0, 0, 0],
    ]


@given(st.permutations(range(5)), st.integers(1, 9))
def test_roles_by_a_loop(places, tokens):
    first, second = sorted(places[:2]), sorted(places[2:4])
    roles = assign_roles(tokens, torch.tensor([[*first, *second]]))[0]
    for place, role in enumerate(roles.tolist()):
        in_subject, in_object = place in range(*first), place in range(*second)
        assert role == (1 if in_subject else 2 if in_object else 0)


def test_role_embeddings_by_hand():
    added = filled("role")(6, POSITIONS, TYPE_IDS)
    assert added.shape == (3, 6, 4)
    assert added[:, :, 0].tolist() == [
        [0, 1, 1, 0, 2, 0],
        [2, 2, 0, 1, 1, 1],
        [0, 0, 0, 0, 0, 0],
    ]


def test_type_embeddings_by_hand():
    """An unknown type adds nothing to the role."""
    added = filled("role_and_type")(6, POSITIONS, TYPE_IDS)
    assert added[:, :, 3].tolist() == [
        [0, 11, 11, 0, 32, 0],
        [22, 22, 0, 1, 1, 1],
        [0, 0, 0, 0, 0, 0],
    ]


@pytest.mark.parametrize("name", ["role", "role_and_type"])
def test_all_start_at_zero_and_learn_but_for_no_role(name):
    embedding = EntityEmbedding(name, n_types=3, width=4)
    added = embedding(6, POSITIONS, TYPE_IDS)
    assert added.abs().max() == 0
    added.sum().backward()
    assert embedding.roles.weight.grad[:, 0].tolist() == [0, 5, 3]
    if name == "role_and_type":
        assert embedding.types.weight.grad[:, 0].tolist() == [0, 2, 2, 1]


def test_without_types_there_is_nothing_to_learn_of_them():
    assert [key for key, _ in EntityEmbedding("role", 3, 4).named_parameters()] == ["roles.weight"]
