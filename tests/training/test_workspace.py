"""A fold's scratch folder: the same for the same training, never another's; whole states alone."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from klue_pipeline.training.workspace import FoldWorkspace, last_whole_checkpoint

ORIGIN = {"fold": 0, "training": {"epochs": 3, "seed": 1}, "rows": "ab12", "why": "한글"}


@pytest.fixture
def workspace(tmp_path):
    return FoldWorkspace(0, tmp_path / "deep" / "fold_0")


def test_the_same_origin_finds_what_it_left(workspace):
    first = workspace.scratch_for(ORIGIN)
    (first / "checkpoint-5").mkdir()
    again = workspace.scratch_for({name: ORIGIN[name] for name in reversed(ORIGIN)})
    assert again == first
    assert (again / "checkpoint-5").is_dir()


@pytest.mark.parametrize(
    "change",
    [{"fold": 1}, {"training": {"epochs": 4, "seed": 1}}, {"rows": "ab13"}, {"tokenizer": "x"}],
)
def test_another_origin_starts_afresh_and_removes_the_former(workspace, change):
    former = workspace.scratch_for(ORIGIN)
    (former / "checkpoint-5").mkdir()
    other = workspace.scratch_for(ORIGIN | change)
    assert other != former
    assert [path.name for path in workspace.folder.iterdir()] == [other.name]
    assert list(other.iterdir()) == []


def test_a_stray_file_is_no_obstacle(workspace):
    """A file manager leaves its own files in every folder it shows."""
    workspace.folder.mkdir(parents=True)
    (workspace.folder / ".DS_Store").write_bytes(b"x")
    assert workspace.scratch_for(ORIGIN).is_dir()


def test_other_folds_are_left_alone(workspace, tmp_path):
    neighbour = FoldWorkspace(1, tmp_path / "deep" / "fold_1").scratch_for(ORIGIN | {"fold": 1})
    workspace.scratch_for(ORIGIN)
    assert neighbour.is_dir()


def write_checkpoint(folder, step):
    """Write what Trainer leaves, and the weights of the best evaluation beside it."""
    folder = folder / f"checkpoint-{step}"
    folder.mkdir()
    weights = {"weight": torch.ones(3)}
    for name in ("optimizer.pt", "scheduler.pt", "rng_state.pth"):
        torch.save(weights, folder / name)
    for path in (folder / "model.safetensors", folder.parent / "best.safetensors"):
        save_file(weights, path)
    state = {"global_step": step, "log_history": [{"step": step, "eval_loss": 0.5}]}
    (folder / "trainer_state.json").write_text(json.dumps(state))
    return folder


def test_a_killed_writers_checkpoint_is_removed_and_the_former_used(tmp_path, caplog):
    former, killed = (write_checkpoint(tmp_path, step) for step in (95, 100))
    (killed / "trainer_state.json").unlink()
    with caplog.at_level("WARNING", "klue_pipeline"):
        assert last_whole_checkpoint(tmp_path) == former
    assert not killed.exists()
    assert caplog.text == ""  # a kill is nothing to worry about


def _cut(path):
    path.write_bytes(path.read_bytes()[:60])


def _zero(path):
    """What a power cut leaves of a file whose size was written before its content."""
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [_cut, _zero, Path.unlink])
@pytest.mark.parametrize(
    "name", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "model.safetensors"]
)
def test_a_damaged_checkpoint_is_said_and_the_former_used(tmp_path, caplog, name, damage):
    former, damaged = (write_checkpoint(tmp_path, step) for step in (95, 100))
    damage(damaged / name)
    with caplog.at_level("WARNING", "klue_pipeline"):
        assert last_whole_checkpoint(tmp_path) == former
    assert f"Removing {damaged}: its {name} cannot be read; the training goes on" in caplog.text
    assert not damaged.exists()


@pytest.mark.parametrize("damage", [_cut, _zero, Path.unlink])
def test_without_the_best_weights_so_far_a_training_starts_anew(tmp_path, caplog, damage):
    for step in (95, 100):
        write_checkpoint(tmp_path, step)
    damage(tmp_path / "best.safetensors")
    with caplog.at_level("WARNING", "klue_pipeline"):
        assert last_whole_checkpoint(tmp_path) is None
    assert "best.safetensors beside it, the best weights so far, cannot be read" in caplog.text
    assert list(tmp_path.glob("checkpoint-*")) == []


@pytest.mark.parametrize("state", ['{"global_st', "", "[]", '{"global_step": 95}'])
def test_a_state_file_that_says_nothing_of_the_step_is_passed_over(tmp_path, state):
    (write_checkpoint(tmp_path, 100) / "trainer_state.json").write_text(state)
    assert last_whole_checkpoint(tmp_path) is None
