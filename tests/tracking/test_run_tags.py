"""Tags of the parent run."""

import pytest

from klue_pipeline.tracking.run_tags import run_name, run_tags

PARAMETERS = {"experiment": "rbert", "experiments": {"rbert": {"why": "가설"}}, "run": {}}


def test_command_is_recorded_in_words_that_stay_the_same(tmp_path):
    record = {
        "run_id": "2026",
        "env": None,
        "runner": "<kedro.runner.sequential_runner.SequentialRunner object at 0x7f>",
        "only_missing_outputs": True,
        "pipeline_names": {"train", "predict"},
        "node_names": ["fold_2.train"],
        "tags": (),
    }
    tags = run_tags(PARAMETERS, record, tmp_path)
    assert {name: value for name, value in tags.items() if name.startswith("kedro.")} == {
        "kedro.run_id": "2026",
        "kedro.env": "local",
        "kedro.runner": "SequentialRunner",
        "kedro.only_missing_outputs": "True",
        "kedro.pipeline_names": "predict,train",
        "kedro.node_names": "fold_2.train",
    }


def test_run_of_everything_is_the_default_pipeline(tmp_path):
    assert run_tags(PARAMETERS, {}, tmp_path)["kedro.pipeline_names"] == "__default__"


@pytest.mark.parametrize("source", ["hub:klue:re:train", "no_such.csv", None])
def test_data_without_a_file_has_no_hash(tmp_path, source):
    tags = run_tags({**PARAMETERS, "raw": {"train": source}}, {}, tmp_path)
    assert "klue.data_sha256" not in tags
    assert tags["klue.why"] == "가설"


@pytest.mark.parametrize(
    ("run_params", "name"),
    [
        ({}, "rbert"),
        ({"pipeline_names": ["report", "eda"]}, "rbert: eda, report"),
        ({"node_names": ["fold_2.train"]}, "rbert: fold_2.train"),
        ({"pipeline_names": ["train"], "to_nodes": ["train"]}, "rbert: train, to train"),
    ],
)
def test_name_of_a_run_says_what_ran(run_params, name):
    assert run_name(PARAMETERS, run_params) == name
