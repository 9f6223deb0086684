"""Which files MLflow shows as the inputs of a run."""

import hashlib

import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node

from klue_pipeline.tracking.inputs import RunInput, as_dataset_inputs, find_inputs

READER = "klue_pipeline.datasets.inputs.raw_relation.RawRelationDataset"
PARSE = node(lambda train, test: 1, ["raw_train", "raw_test"], "sentences", name="parse")
TRAIN = node(lambda sentences: 1, "sentences", "fold_0.metrics", name="train")
REPORT = node(lambda metrics: 1, "fold_0.metrics", "page", name="report")


@pytest.mark.parametrize(
    ("nodes", "settings"),
    [([PARSE], ["raw.train", "raw.test"]), ([TRAIN], ["raw.train"]), ([REPORT], [])],
)
def test_inputs_are_what_a_run_reads_and_what_it_trains_on(tmp_path, nodes, settings):
    entries = {
        name: {
            "type": READER,
            "source": str(tmp_path / f"{name}.csv"),
            "metadata": {"klue": {"source": setting}},
        }
        for name, setting in (("raw_test", "raw.test"), ("raw_train", "raw.train"))
    }
    entries["fold_0.metrics"] = {
        "type": "MemoryDataset",
        "metadata": {"klue": {"training": "metrics"}},
    }
    found = find_inputs(Pipeline(nodes), DataCatalog.from_config(entries))
    assert [given.setting for given in found] == settings


def test_an_input_is_named_by_its_content(tmp_path):
    file = tmp_path / "train.csv"
    file.write_bytes(b"id\n")
    local, hub = as_dataset_inputs(
        [RunInput("raw.train", str(file)), RunInput("predict.input", "hub:klue:re:test")]
    )
    assert local.dataset.name == "train.csv"
    assert hashlib.sha256(b"id\n").hexdigest().startswith(local.dataset.digest)
    assert [(tag.key, tag.value) for tag in local.tags] == [("mlflow.data.context", "training")]
    assert (hub.dataset.name, hub.tags[0].value) == ("hub:klue:re:test", "predict.input")
