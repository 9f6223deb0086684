"""Which fold's model learned from which training rows."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.relation.settings.params import TargetParams


def test_a_model_learns_from_what_its_fold_does_not_hold_out(world):
    held_out = np.array([[1, 0], [0, 1], [0, 1], [1, 0], [0, 1], [1, 0]], dtype=bool)
    np.testing.assert_array_equal(world.training.learned, ~held_out)


def test_folds_may_overlap_and_leave_rows_in_none(world):
    world.members = pd.DataFrame({"fold": [0, 0, 3], "row_id": ["0", "1", "1"]})
    world.folds = [3, 0]
    training = world.training
    assert training.folds == (0, 3)
    assert training.learned[:3].tolist() == [[False, True], [False, False], [True, True]]
    assert training.columns_of(np.array([3, 0, 3])).tolist() == [1, 0, 1]


def test_rows_without_an_answer_teach_nothing(world):
    world.target = TargetParams(name="positive")
    learned = world.training.learned
    assert learned[[0, 4]].any() == np.False_
    assert learned[[1, 2, 3, 5]].sum() == 4


def test_what_does_not_belong_together_is_refused(world):
    with pytest.raises(ValueError, match=r"Rows were scored by folds \[4\], but only folds \[0, 1"):
        world.training.columns_of(np.array([0, 4]))
    world.folds = [0, 2]
    with pytest.raises(ValueError, match=r"There is no fold 2; the split has folds \[0, 1\]"):
        _ = world.training
    world.folds = []
    with pytest.raises(ValueError, match="Found no fold that was trained"):
        _ = world.training
    world.folds, world.sentences = [0], world.sentences[1:]
    with pytest.raises(ValueError, match="Fold 0 validates on 1 rows that are not in the table"):
        _ = world.training
