"""Folders of models: whole or not there, whenever the process dies; what each kind adds."""

from pathlib import Path

import numpy as np
import pytest
from kedro.io import DatasetError
from safetensors.numpy import save

from klue_pipeline.datasets.models.checkpoint import (
    AdaptedEncoderDataset,
    CheckpointDataset,
    ExportedModelDataset,
)
from klue_pipeline.relation.inference.model_export import ExportedModel
from klue_pipeline.training.loading.weights_file import require_weights


def whole(content):
    """Weights as a file that is not cut off."""
    return save({"weight": np.frombuffer(content, dtype=np.uint8)})


class KilledError(BaseException):
    """Stands in for a kill: nothing catches it."""


class Weights:
    """Writes two files; dies between them if told to."""

    def __init__(self, content, *, dies=False):
        self.content, self.dies = content, dies

    def save_pretrained(self, folder):
        (folder / "model.safetensors").write_bytes(whole(self.content))
        if self.dies:
            raise KilledError
        (folder / "config.json").write_bytes(self.content)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "models" / "fold_0"


@pytest.fixture
def dataset(folder):
    return CheckpointDataset(filepath=str(folder))


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_saved_folder_is_loaded_by_its_path(dataset, folder):
    assert not dataset.exists()
    dataset.save(Weights(b"new"))
    assert dataset.exists()
    assert dataset.load() == folder
    assert contents(folder) == {"model.safetensors": whole(b"new"), "config.json": b"new"}


def test_the_former_files_go_and_nothing_is_left_beside_it(dataset, folder):
    dataset.save(Weights(b"old"))
    (folder / "added_tokens.json").write_bytes(b"old")
    dataset.save(Weights(b"new"))
    assert contents(folder) == {"model.safetensors": whole(b"new"), "config.json": b"new"}
    assert [path.name for path in folder.parent.iterdir()] == ["fold_0"]


def test_a_folder_without_weights_exists_where_they_were_dropped_on_purpose(dataset, folder):
    dataset.save(Weights(b"old"))
    (folder / "model.safetensors").unlink()
    assert not dataset.exists()
    (folder / "weights_dropped.json").write_text('{"dropped_at": "today", "because": "x was y"}')
    assert dataset.exists()
    assert dataset.load() == folder
    with pytest.raises(FileNotFoundError, match=r"fold_0 has no weights.*on today, as x was y"):
        require_weights(folder)
    dataset.save(Weights(b"new"))
    assert set(contents(folder)) == {"model.safetensors", "config.json"}


def test_a_kill_while_saving_leaves_no_checkpoint(dataset):
    with pytest.raises(KilledError):
        dataset.save(Weights(b"new", dies=True))
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"No whole checkpoint at .*fold_0.*kedro run"):
        dataset.load()


def test_a_kill_while_saving_leaves_the_former_one(dataset, folder):
    dataset.save(Weights(b"old"))
    with pytest.raises(KilledError):
        dataset.save(Weights(b"new", dies=True))
    assert dataset.exists()
    assert contents(folder) == {"model.safetensors": whole(b"old"), "config.json": b"old"}


@pytest.mark.parametrize(("renames_before_kill", "left"), [(0, b"old"), (1, None)])
def test_a_kill_while_swapping_leaves_a_whole_one_or_none(
    dataset, folder, monkeypatch, renames_before_kill, left
):
    dataset.save(Weights(b"old"))
    rename, done = Path.rename, []

    def rename_until_killed(path, target):
        if len(done) == renames_before_kill:
            raise KilledError
        done.append(target)
        return rename(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename_until_killed)
        with pytest.raises(KilledError):
            dataset.save(Weights(b"new"))
    assert dataset.exists() == (left is not None)
    if left is not None:
        assert contents(folder) == {"model.safetensors": whole(left), "config.json": left}
    dataset.save(Weights(b"newest"))
    assert set(contents(folder).values()) == {whole(b"newest"), b"newest"}
    assert [path.name for path in folder.parent.iterdir()] == ["fold_0"]


def test_a_folder_without_weights_does_not_count(dataset, folder):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    assert not dataset.exists()


def test_weights_that_are_cut_off_do_not_count(dataset, folder):
    dataset.save(Weights(b"new"))
    weights = folder / "model.safetensors"
    weights.write_bytes(whole(b"new")[:-1])
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"model\.safetensors .*is cut off"):
        dataset.load()


def test_the_resume_state_goes_once_an_encoder_is_stored(tmp_path):
    scratch, former = tmp_path / "scratch", b"hours of work"
    scratch.mkdir()
    (scratch / "state").write_bytes(former)
    dataset = AdaptedEncoderDataset(filepath=str(tmp_path / "adapted"), scratch=str(scratch))
    with pytest.raises(DatasetError, match="kedro run --pipelines ingest,clean,adapt"):
        dataset.load()
    with pytest.raises(KilledError):
        dataset.save(Weights(b"x", dies=True))
    assert not dataset.exists()
    assert (scratch / "state").read_bytes() == former
    dataset.save(Weights(b"x"))
    assert dataset.load() == tmp_path / "adapted"
    assert not scratch.exists()


def test_no_fold_of_a_former_export_stays(tmp_path, relation_checkpoints):
    def export(folder, *folds):
        dataset.save(ExportedModel({name: folder / name for name in folds}, 0.5, "# 모델"))

    dataset = ExportedModelDataset(filepath=str(tmp_path / "exported"))
    with pytest.raises(DatasetError, match=r"No exported model at .*kedro run --pipelines export"):
        dataset.load()
    export(relation_checkpoints, "fold_0", "fold_1")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        export(tmp_path / "nowhere", "fold_1")
    beside = {"README.md", "export.json"}
    assert {path.name for path in dataset.load().iterdir()} == {"fold_0", "fold_1", *beside}
    export(relation_checkpoints, "fold_1")
    assert {path.name for path in dataset.load().iterdir()} == {"fold_1", *beside}
    (dataset.load() / "fold_1/relation.json").write_text("{}")
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"fold_1 is not what was exported: relation\.json"):
        dataset.load()
    assert (relation_checkpoints / "fold_0/model.safetensors").is_file()
