"""A fold's resume state goes away once its model is stored, and not before."""

import pytest
from kedro.framework.hooks.manager import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro.runner import SequentialRunner

from klue_pipeline.datasets.models.workspace import FoldWorkspaceDataset
from klue_pipeline.hooks.scratch import ScratchHooks


@pytest.fixture
def catalog(tmp_path):
    return DataCatalog.from_config(
        {
            "fold_{number}.workspace": {
                "type": "klue_pipeline.datasets.models.workspace.FoldWorkspaceDataset",
                "number": "{number}",
                "filepath": str(tmp_path / "baseline/.scratch/fold_{number}"),
            }
        }
    )


def train(workspace):
    (workspace.folder / "checkpoint-5").mkdir(parents=True)
    return {"micro_f1": 60.0}, "model"


def train_and_die(workspace):
    train(workspace)
    raise RuntimeError("out of memory")


def fold(number, function=train):
    wired = node(function, "workspace", ["metrics", "model"], name="train")
    return Pipeline([wired], namespace=f"fold_{number}")


def hooks_of(catalog):
    hooks = ScratchHooks()
    hooks.after_catalog_created(catalog)
    return hooks


def run(pipeline, catalog):
    hooks, manager = hooks_of(catalog), _create_hook_manager()
    manager.register(hooks)
    SequentialRunner().run(pipeline, catalog, manager)


def test_the_model_is_the_last_thing_that_a_fold_stores():
    from klue_pipeline.pipelines.train import create_pipeline

    for wired in create_pipeline().nodes:
        if wired.namespace:
            assert wired.outputs[-1] == f"{wired.namespace}.model"


def test_a_stored_model_ends_its_fold_and_no_other(catalog, tmp_path):
    other = catalog.load("fold_1.workspace").folder / "checkpoint-9"
    other.mkdir(parents=True)
    run(fold(0), catalog)
    assert not catalog.load("fold_0.workspace").folder.exists()
    assert other.is_dir()
    run(fold(1), catalog)
    assert not (tmp_path / "baseline/.scratch").exists()


def test_other_outputs_leave_it_alone(catalog):
    state = catalog.load("fold_0.workspace").folder
    state.mkdir(parents=True)
    for name in ("fold_0.metrics", "fold_0.validation_scores", "model", "out_of_fold@one"):
        hooks_of(catalog).after_dataset_saved(name)
    assert state.is_dir()


def test_a_training_outside_of_folds_is_ended_by_its_model_too(catalog, tmp_path):
    folder = tmp_path / "baseline/.scratch/refit"
    catalog["refit.workspace"] = FoldWorkspaceDataset(number=0, filepath=str(folder))
    folder.mkdir(parents=True)
    hooks_of(catalog).after_dataset_saved("refit.metrics")
    assert folder.is_dir()
    hooks_of(catalog).after_dataset_saved("refit.model")
    assert not folder.parent.exists()


def test_a_failed_training_can_go_on(catalog):
    with pytest.raises(RuntimeError):
        run(fold(0, train_and_die), catalog)
    assert (catalog.load("fold_0.workspace").folder / "checkpoint-5").is_dir()


def test_what_a_kill_left_behind_goes_when_the_next_run_is_done(catalog):
    """The process died after it had stored the model; the resumed run skips the fold."""
    state = catalog.load("fold_0.workspace").folder
    state.mkdir(parents=True)
    hooks_of(catalog).after_pipeline_run(fold(0))
    assert not state.exists()


def test_a_run_without_training_needs_no_folder(catalog, tmp_path):
    run(fold(0), catalog)
    hooks_of(catalog).after_pipeline_run(fold(0))
    assert list(tmp_path.rglob(".scratch")) == []
