"""Augmented rows beside their originals."""

import pandas as pd
import pytest
from pydantic import ValidationError

from klue_pipeline.relation import augmentation
from klue_pipeline.relation.augmentation import augment_rows
from klue_pipeline.relation.params import AugmentParams

SENTENCES = pd.DataFrame({"row_id": ["a", "b"], "sentence": ["가", "나"]}, index=[3, 3])
MEMBERS = pd.DataFrame({"fold": [0, 1], "row_id": ["a", "b"]})


def test_originals_pass_through():
    rows = augment_rows(SENTENCES, MEMBERS, AugmentParams(methods=[]))
    wanted = SENTENCES.reset_index(drop=True).assign(
        origin_id=["a", "b"], method="original", weight=1.0
    )
    pd.testing.assert_frame_equal(rows, wanted)
    assert "origin_id" not in SENTENCES.columns


def test_methods_add_their_rows_after_the_originals(monkeypatch):
    def repeat_first(originals, fold_members):
        assert fold_members is MEMBERS
        return originals.head(1).assign(row_id="a.repeat", method="repeat", weight=0.5)

    monkeypatch.setitem(augmentation.AUGMENTERS, "repeat", repeat_first)
    augment = AugmentParams.model_construct(methods=["repeat"])
    rows = augment_rows(SENTENCES, MEMBERS, augment)
    assert rows["row_id"].tolist() == ["a", "b", "a.repeat"]
    assert rows["origin_id"].tolist() == ["a", "b", "a"]
    assert rows["weight"].tolist() == [1.0, 1.0, 0.5]


def test_unknown_methods_are_refused():
    with pytest.raises(ValidationError):
        AugmentParams(methods=["swap_entities"])
