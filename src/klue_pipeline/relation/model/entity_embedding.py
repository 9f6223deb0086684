"""Tell the encoder which tokens are the subject and which the object, beside what the text says.

An embedding per role, and on request per entity type, is added to the word embeddings. It starts at
zero, so that training starts from the encoder as it is. Roles come from entity positions, never
from token ids, so any text, tokenizer and input format will do.
"""

from typing import Literal

import torch
from torch import Tensor, nn

NO_ROLE, SUBJECT, OBJECT = range(3)
"""Role ids of a token."""


class EntityEmbedding(nn.Module):
    """Embeddings of the role, and of the type, of the entity that a token belongs to.

    Args:
        name: ``role`` or ``role_and_type``.
        n_types: Number of entity types.
        width: Width of the encoder's word embeddings, which need not be that of its states.
    """

    def __init__(self, name: Literal["role", "role_and_type"], n_types: int, width: int) -> None:
        super().__init__()
        self.roles = _zero_embedding(3, width)
        self.types = _zero_embedding(1 + n_types, width) if name == "role_and_type" else None

    def forward(self, tokens: int, positions: Tensor, type_ids: Tensor) -> Tensor:
        """Return what to add to the word embeddings; zeros outside both entities.

        Args:
            tokens: Length of the batch's rows in tokens.
            positions: Subject start, subject end, object start, object end; ends exclusive.
                Shape: (batch, 4).
            type_ids: Types of subject and object; 0 is an unknown type. Shape: (batch, 2).

        Returns:
            Shape: (batch, tokens, width).
        """
        role_ids = assign_roles(tokens, positions)
        added: Tensor = self.roles(role_ids)
        if self.types is not None:
            # A token without a role has no type either: column 0 in front of the two types.
            types_by_role = nn.functional.pad(type_ids, (1, 0))  # (batch, 3)
            added = added + self.types(types_by_role.gather(1, role_ids))
        return added


def assign_roles(tokens: int, positions: Tensor) -> Tensor:
    """Return the role of each token.

    Args:
        tokens: Length of the rows in tokens.
        positions: As in :meth:`EntityEmbedding.forward`. Shape: (batch, 4).

    Returns:
        Role ids, int64. Shape: (batch, tokens).
    """
    places = torch.arange(tokens, device=positions.device)  # (tokens,)
    # Each (batch, 1), to be compared with every place.
    subject_start, subject_end, object_start, object_end = positions.unsqueeze(2).unbind(dim=1)
    in_subject = (places >= subject_start) & (places < subject_end)  # (batch, tokens)
    in_object = (places >= object_start) & (places < object_end)
    roles = torch.full_like(in_subject, NO_ROLE, dtype=torch.int64)
    return roles.masked_fill(in_object, OBJECT).masked_fill(in_subject, SUBJECT)


def _zero_embedding(count: int, width: int) -> nn.Embedding:
    embedding: nn.Embedding = nn.Embedding.from_pretrained(  # type: ignore[no-untyped-call]
        torch.zeros(count, width),
        freeze=False,
        padding_idx=0,  # has no gradient, so id 0 adds zeros for good
    )
    return embedding
