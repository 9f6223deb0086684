"""Workspaces: folders out of the catalog, and nothing into it."""

import pytest
from kedro.io import DataCatalog, DatasetError

from klue_pipeline.training.workspace import FoldWorkspace

TYPES = "klue_pipeline.datasets.models.workspace"
NAMES = ["fold_0.workspace", "translation_cache"]


@pytest.fixture
def catalog(tmp_path):
    return DataCatalog.from_config(
        {
            "fold_{number}.workspace": {
                "type": f"{TYPES}.FoldWorkspaceDataset",
                "number": "{number}",
                "filepath": str(tmp_path / ".scratch" / "fold_{number}"),
            },
            "translation_cache": {
                "type": f"{TYPES}.CacheFolderDataset",
                "filepath": str(tmp_path / "translations"),
            },
        }
    )


@pytest.mark.parametrize("fold", [0, 12])
def test_the_pattern_of_conf_gives_each_fold_its_number(catalog, tmp_path, fold):
    workspace = catalog.load(f"fold_{fold}.workspace")
    assert workspace == FoldWorkspace(fold, tmp_path / ".scratch" / f"fold_{fold}")


def test_making_the_folder_is_left_to_its_first_user(catalog, tmp_path):
    assert catalog.load("translation_cache") == tmp_path / "translations"
    assert str(tmp_path / "translations") in str(catalog.get("translation_cache"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_they_exist_before_their_folders_do_and_cannot_be_saved(catalog, name, tmp_path):
    """Else ``--only-missing-outputs`` would take them for something to be made."""
    assert catalog.exists(name)
    with pytest.raises(DatasetError, match=r"cannot be saved"):
        catalog.save(name, tmp_path)
