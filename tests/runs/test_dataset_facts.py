"""What the catalog says of a dataset reaches those who read it, whatever kind of dataset it is."""

import pytest
from kedro.io import DataCatalog, MemoryDataset

from klue_pipeline.runs.configuration import read_configuration
from klue_pipeline.runs.dataset_facts import DatasetFacts, facts_of, path_in, result_in


@pytest.fixture(scope="module")
def entries(configured):
    return read_configuration("test")["catalog"]


def test_every_fact_of_the_catalog_can_be_read_from_its_dataset(entries):
    """Wrappers and patterns too; a misspelt fact would be refused here."""
    catalog = DataCatalog.from_config(entries)
    stated = {
        name.replace("{number}", "3"): entry["metadata"]["klue"]
        for name, entry in entries.items()
        if "klue" in entry.get("metadata", {})
    }
    assert len(stated) > 50
    for name, facts in stated.items():
        found = facts_of(catalog, name)
        assert found == DatasetFacts.model_validate(facts)
        assert found != DatasetFacts()


def test_one_dataset_under_two_names_is_logged_once(entries):
    logged = [
        entry.get("filepath") or entry["path"]
        for entry in entries.values()
        if {"artifact", "model"} & entry.get("metadata", {}).get("klue", {}).keys()
    ]
    assert len(logged) == len(set(logged)) > 40


def test_a_dataset_without_facts_has_the_usual_ones():
    catalog = DataCatalog({"plain": MemoryDataset(), "drawn": MemoryDataset(metadata={"x": 1})})
    assert facts_of(catalog, "plain") == facts_of(catalog, "drawn") == DatasetFacts()
    assert facts_of(catalog, "unknown") == DatasetFacts()


def test_a_misspelt_fact_is_refused():
    catalog = DataCatalog({"a": MemoryDataset(metadata={"klue": {"artefact": "reports"}})})
    message = r"entry of a is wrong: metadata\.klue\.artefact: .*Did you mean artifact\?"
    with pytest.raises(ValueError, match=message):
        facts_of(catalog, "a")


def test_a_result_of_many_files_is_known_by_their_folder(tmp_path):
    entry = {"type": "partitions.PartitionedDataset", "path": str(tmp_path / "blends"),
             "dataset": "json.JSONDataset"}  # fmt: skip
    catalog = DataCatalog.from_config({"blends": entry})
    assert result_in(catalog, "blends") == path_in(catalog, "blends") == tmp_path / "blends"
    catalog.get("blends").result_path = tmp_path / "blends" / "best.json"
    assert result_in(catalog, "blends") == tmp_path / "blends" / "best.json"
    assert path_in(catalog, "nothing") is None
