"""A fold's scratch folder: the same for the same training, never another's; whole states alone."""

import shutil

import pytest

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


def test_incomplete_checkpoint_is_removed_and_the_former_used(tmp_path):
    for step, state in ((5, '{"global_step": 5}'), (10, '{"global_st')):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        (folder / "trainer_state.json").write_text(state)
    (tmp_path / "checkpoint-15").mkdir()
    assert last_whole_checkpoint(tmp_path) == tmp_path / "checkpoint-5"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["checkpoint-5"]
    shutil.rmtree(tmp_path / "checkpoint-5")
    assert last_whole_checkpoint(tmp_path) is None
