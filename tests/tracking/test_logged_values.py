"""Names, texts and numbers as MLflow takes them."""

import numpy as np
from kedro.io import DataCatalog, MemoryDataset, Version
from kedro_datasets.json import JSONDataset

from klue_pipeline.runs.dataset_facts import DatasetFacts
from klue_pipeline.tracking.logged_values import (
    MAX_VALUE_CHARACTERS,
    flat_numbers,
    flat_parameters,
    logged_numbers,
    saved_path,
)


def test_parameters_leave_out_the_tables_of_other_experiments():
    parameters = {
        "experiments": {"a": {}},
        "experiment_defaults": {"training": {"epochs": 1}},
        "label_sets": {"klue": []},
        "text": {"type_words": {"ko": {"PER": "인물"}}},
        "mlflow": {"enabled": True},
        "about": {"why": "왜"},
        "input": {"type_words": {"PER": "사람"}, "query": None},
        "augment": {"methods": ["역번역"]},
        "ensemble": {},
    }
    assert flat_parameters(parameters) == {
        "input.type_words.PER": "사람",
        "input.query": "None",
        "augment.methods": '["역번역"]',
        "ensemble": "{}",
    }


def test_parameters_leave_out_what_the_kind_of_experiment_does_not_read():
    parameters = {"members": ["a"], "composite": {"name": "cascade"}, "head": {"name": "cls"}}
    single = flat_parameters({"kind": "single", **parameters})
    assert single == {"kind": "single", "head.name": "cls"}
    composite = flat_parameters({"kind": "composite", **parameters})
    assert composite == {"kind": "composite", "members": '["a"]', "composite.name": "cascade"}


def test_long_values_and_names_are_cut_to_what_mlflow_takes():
    (name, value), *_ = flat_parameters({"n" * 300: ["가" * 7000]}).items()
    assert (len(name), len(value)) == (250, MAX_VALUE_CHARACTERS)


def test_numbers_of_every_kind_stay_and_the_rest_goes():
    values = {"f1": np.float32(0.5), "rows": np.int64(3), "ok": True, "name": "x", "none": None}
    assert flat_numbers({"fold_0": values, "list": [1.0]}) == {"fold_0.f1": 0.5, "fold_0.rows": 3.0}
    assert flat_numbers("no mapping") == {}


def test_numbers_of_every_method_stay_in_the_report_of_a_blend():
    told = {"value": 70.0, "low": 68.0, "high": 72.0}
    report = {
        "method": "soft_vote",
        "scores": {"micro_f1": told},
        "methods": {"soft_vote": {"scores": {"micro_f1": told}}},
        "best_member_scores": {"micro_f1": told},
        "prior": {"negative_share": 0.6},
        "gain": {"over_best_member": {"difference": 1.5, "more_than_noise": True}},
    }
    facts = DatasetFacts(
        numbers="ensemble", numbers_without={"methods", "best_member_scores", "prior"}
    )
    assert logged_numbers(facts, report) == {
        "ensemble.scores.micro_f1.value": 70.0,
        "ensemble.scores.micro_f1.low": 68.0,
        "ensemble.scores.micro_f1.high": 72.0,
        "ensemble.gain.over_best_member.difference": 1.5,
    }
    assert logged_numbers(
        DatasetFacts(numbers=""), {"shift_aware": {"micro_f1": 66.0}, "test": None}
    ) == {"shift_aware.micro_f1": 66.0}


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
