"""Which entity is changed."""

import numpy as np
import pytest

from klue_pipeline.relation.augmentation.rows.roles import draw_role, entity_in_role


@pytest.mark.parametrize(
    ("role", "drawn"),
    [("subject", {"subject"}), ("object", {"object"}), ("either", {"subject", "object"})],
)
def test_a_role_is_what_the_setting_says(role, drawn):
    generator = np.random.default_rng(0)
    assert {draw_role(role, generator) for _ in range(50)} == drawn


def test_the_entity_in_a_role(mark):
    row = mark("<<수군>>은 [[이순신]]의 것이다.")
    assert entity_in_role(row, "subject").text == "이순신"
    assert entity_in_role(row, "object").text == "수군"
