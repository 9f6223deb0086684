"""The mlflow_model pipeline over a hand-made catalog."""

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.pipelines.mlflow_model import create_pipeline
from klue_pipeline.relation.settings.params import InputParams


@pytest.mark.parametrize(("language", "word"), [("ko", "이순신"), ("en", "Ada Lovelace")])
def test_a_package_has_the_exported_folder_and_an_example_in_its_language(
    language, word, relation_checkpoints
):
    settings = InputParams(
        name="entity_mask", query="none", query_position="after", type_words={}, language=language
    )
    catalog = DataCatalog(
        {
            "exported_model": MemoryDataset(relation_checkpoints),
            "params:about": MemoryDataset(AboutParams(experiment="e", folder="e--v", why="왜")),
            "params:input": MemoryDataset(settings),
        }
    )
    outputs = SequentialRunner().run(create_pipeline(), catalog)
    package = outputs["mlflow_model"].load()
    assert package.exported == relation_checkpoints
    about = {"experiment": "e", "folder": "e--v", "why": "왜"}
    assert package.metadata == about | {"models": relation_checkpoints.name}
    assert package.example["subject"].tolist() == [None, word]
    assert package.example["object_type"].tolist() == ["LOC", "LOC"]
