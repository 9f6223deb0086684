"""Names, texts and numbers as MLflow takes them."""

import numpy as np
import pytest
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro_datasets.json import JSONDataset
from mlflow.utils.validation import _validate_param_name

from klue_pipeline.tracking.logged_values import (
    MAX_VALUE_CHARACTERS,
    flat_numbers,
    flat_parameters,
    legal_name,
    legally_named,
    saved_path,
)


def test_parameters_are_those_that_a_person_compares():
    parameters = {
        "experiments": {"a": {}},
        "eda": {"token_limits": [64]},
        "mlflow": {"enabled": True},
        "input": {"type_words": {"PER": "사람"}, "query": None},
        "augment": {"methods": ["역번역"], "역번역": {"share": 1.0}, "aeda": {"share": 0.3}},
        "clean": {"rules": [], "repair_types": {"min_support": 10}},
        "raw": {"train": "https://kim:secret@host/train.csv"},
    }
    assert flat_parameters(parameters) == {
        "input.type_words.PER": "사람",
        "augment.methods": '["역번역"]',
        "augment.역번역.share": "1.0",
        "clean.rules": "[]",
        "raw.train": "https://kim:***@host/train.csv",
    }
    assert flat_parameters(parameters, read={"eda"}) == {"eda.token_limits": "[64]"}


def test_parameters_leave_out_what_the_kind_of_experiment_does_not_read():
    parameters = {"members": ["a"], "composite": {"name": "cascade"}, "head": {"name": "cls"}}
    single = flat_parameters({"kind": "single", **parameters})
    assert single == {"kind": "single", "head.name": "cls"}
    composite = flat_parameters({"kind": "composite", **parameters})
    assert composite == {"kind": "composite", "members": '["a"]', "composite.name": "cascade"}


def test_long_values_and_names_are_cut_to_what_mlflow_takes():
    (name, value), *_ = flat_parameters({"input": {"n" * 300: ["가" * 7000]}}).items()
    assert (len(name), len(value)) == (250, MAX_VALUE_CHARACTERS)


@pytest.mark.parametrize(
    "name",
    ["A//B", "./a", "a/.", "a/", "/a", "//", ".", "..", "", "../a", "a/../b", "..a", "...", "a/./b",
     " a ", "a\n", "a:b", "가/나", "%2e", "a" * 249 + "/b", "a" * 246 + "/../b", "a/" * 200],
)  # fmt: skip
def test_every_name_is_one_that_mlflow_takes(name):
    legal = legal_name(name)
    _validate_param_name(legal)
    assert legal == legal_name(legal)
    assert len(legal) <= 250


def test_names_that_become_the_same_stay_apart():
    assert flat_numbers({"A!": 1, "A?": 2, "A_": 3, "b": {"//": 4}}) == {
        "A_": 1.0,
        "A__2": 2.0,
        "A__3": 3.0,
        "b./_": 4.0,
    }
    long = [name for name, _ in legally_named([("a" * 300, 1), ("a" * 301, 2)])]
    assert [len(name) for name in long] == [250, 250]
    assert long[0] != long[1]


def test_numbers_of_every_kind_stay_and_the_rest_goes():
    values = {"f1": np.float32(0.5), "rows": np.int64(3), "ok": True, "name": "x", "none": None}
    assert flat_numbers({"fold_0": values, "list": [1.0]}) == {"fold_0.f1": 0.5, "fold_0.rows": 3.0}
    assert flat_numbers("no mapping") == {}


def test_path_is_that_of_an_existing_local_file(tmp_path):
    dataset = JSONDataset(filepath=str(tmp_path / "a.json"))
    assert saved_path(dataset) is None
    dataset.save({})
    assert saved_path(dataset) == tmp_path / "a.json"
    assert saved_path(MemoryDataset()) is None
    assert saved_path(JSONDataset(filepath="memory://a.json")) is None
    assert saved_path(DataCatalog().get("unknown")) is None


def test_path_of_a_versioned_file_is_that_of_its_version(tmp_path):
    dataset = JSONDataset(filepath=str(tmp_path / "a.json"), version=Version(None, "1"))
    dataset.save({})
    assert saved_path(dataset) == tmp_path / "a.json" / "1" / "a.json"
