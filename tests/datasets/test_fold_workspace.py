"""Workspaces: a fold's number and scratch folder out of the catalog, and nothing into it."""

import pytest
from kedro.io import DataCatalog, DatasetError

from klue_pipeline.datasets.fold_workspace import FoldWorkspaceDataset
from klue_pipeline.training.workspace import FoldWorkspace


@pytest.fixture
def catalog(tmp_path):
    entry = {
        "type": "klue_pipeline.datasets.fold_workspace.FoldWorkspaceDataset",
        "number": "{number}",
        "filepath": str(tmp_path / ".scratch" / "fold_{number}"),
    }
    return DataCatalog.from_config({"fold_{number}.workspace": entry})


@pytest.mark.parametrize("fold", [0, 12])
def test_the_pattern_of_conf_tells_each_fold_its_number(catalog, tmp_path, fold):
    workspace = catalog.load(f"fold_{fold}.workspace")
    assert workspace == FoldWorkspace(fold, tmp_path / ".scratch" / f"fold_{fold}")


def test_it_exists_before_its_folder_does(catalog):
    """Else ``--only-missing-outputs`` would take it for something to be made."""
    assert catalog.exists("fold_0.workspace")
    assert not catalog.load("fold_0.workspace").folder.exists()


def test_it_cannot_be_saved(tmp_path):
    dataset = FoldWorkspaceDataset(number=0, filepath=str(tmp_path))
    with pytest.raises(DatasetError, match="cannot be saved"):
        dataset.save(FoldWorkspace(0, tmp_path))


def test_a_number_that_is_none_is_refused(tmp_path):
    with pytest.raises(ValueError, match="one"):
        FoldWorkspaceDataset(number="one", filepath=str(tmp_path))
