"""Which of a row's two entities a method changes."""

import numpy as np

from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity
from klue_pipeline.relation.settings.augment_params import Role

_MEANT: dict[Role, tuple[str, ...]] = {
    "subject": ("subject",),
    "object": ("object",),
    "either": ("subject", "object"),
}


def draw_role(role: Role, generator: np.random.Generator) -> str:
    """Return ``subject`` or ``object``, as the setting says; ``either`` draws one of them."""
    meant = _MEANT[role]
    return meant[generator.integers(len(meant))]


def entity_in_role(example: Example, role: str) -> Entity:
    """Return the subject or the object of a row."""
    return example.subject if role == "subject" else example.object
