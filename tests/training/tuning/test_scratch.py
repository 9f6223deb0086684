"""The folder of a trial: gone when the trial is over, there for who tries it again."""

import pytest
from optuna import TrialPruned

from klue_pipeline.training.tuning.scratch import trial_folder


@pytest.mark.parametrize(
    ("end", "stays"),
    [(None, False), (TrialPruned(), False), (OSError(), True), (KeyboardInterrupt(), True)],
)
def test_a_trial_that_is_not_tried_again_leaves_nothing(tmp_path, end, stays):
    def work():
        with trial_folder(tmp_path / "trial_0") as folder:
            (folder / "fold_0").mkdir(parents=True)
            if end is not None:
                raise end

    if end is None:
        work()
    else:
        with pytest.raises(type(end)):
            work()
    assert (tmp_path / "trial_0").exists() is stays
