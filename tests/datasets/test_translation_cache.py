"""The folder of translations: a path out of the catalog, and nothing into it."""

import pytest
from kedro.io import DataCatalog, DatasetError


@pytest.fixture
def catalog(tmp_path):
    entry = {
        "type": "klue_pipeline.datasets.translation_cache.TranslationCacheDataset",
        "filepath": str(tmp_path / "translations"),
    }
    return DataCatalog.from_config({"translation_cache": entry})


def test_it_loads_the_folder_and_leaves_making_it_to_its_first_user(catalog, tmp_path):
    assert catalog.load("translation_cache") == tmp_path / "translations"
    assert not (tmp_path / "translations").exists()


def test_it_exists_before_its_folder_does(catalog):
    """Else ``--only-missing-outputs`` would take it for something to be made."""
    assert catalog.exists("translation_cache")


def test_it_cannot_be_saved(catalog, tmp_path):
    with pytest.raises(DatasetError, match="cannot be saved"):
        catalog.save("translation_cache", tmp_path)


def test_it_says_where_it_is(catalog, tmp_path):
    assert str(tmp_path / "translations") in str(catalog.get("translation_cache"))
