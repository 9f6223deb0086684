"""Exported models on disk: whole or not there, and nothing of a former one stays."""

import pytest
from kedro.io import DatasetError

from klue_pipeline.datasets.exported_model import ExportedModelDataset
from klue_pipeline.relation.inference.model_export import ExportedModel


@pytest.fixture
def dataset(tmp_path):
    return ExportedModelDataset(filepath=str(tmp_path / "exported"))


def exported(checkpoints, *folds):
    return ExportedModel({name: checkpoints / name for name in folds}, 0.5, "# 모델")


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_none_says_what_makes_it(dataset):
    assert not dataset.exists()
    with pytest.raises(DatasetError, match=r"No exported model at .*kedro run --pipelines export"):
        dataset.load()


def test_a_fold_of_a_former_export_is_gone(dataset, relation_checkpoints):
    dataset.save(exported(relation_checkpoints, "fold_0", "fold_1"))
    assert names(dataset.load()) == {"fold_0", "fold_1", "README.md"}
    dataset.save(exported(relation_checkpoints, "fold_1"))
    assert names(dataset.load()) == {"fold_1", "README.md"}
    assert (relation_checkpoints / "fold_0/model.safetensors").is_file()


def test_an_export_that_fails_leaves_the_former_one(dataset, relation_checkpoints, tmp_path):
    dataset.save(exported(relation_checkpoints, "fold_0"))
    with pytest.raises(FileNotFoundError, match="nowhere"):
        dataset.save(exported(tmp_path / "nowhere", "fold_1"))
    assert names(dataset.load()) == {"fold_0", "README.md"}
    assert names(tmp_path) == {"exported"}
