"""The whole job on two workers of a cluster: the same results, to the last byte."""

import pytest
from mlflow import MlflowClient
from projects import Project

pytestmark = pytest.mark.slow

RUNNER = ("--runner", "klue_pipeline.runners.DaskRunner", "--runner-params", "workers=2")
SAME = [
    "06_models/typed_punct_query/fold_0/model.safetensors",
    "06_models/typed_punct_query/fold_1/model.safetensors",
    "07_model_output/typed_punct_query/out_of_fold.parquet",
    "07_model_output/typed_punct_query/test_scores.parquet",
    "08_reporting/metrics.json",
    "08_reporting/submission.csv",
    "08_reporting/typed_punct_query/fold_1/history.csv",
    "08_reporting/ensemble_report.json",
]


@pytest.fixture(scope="module")
def on_workers(command_server, tmp_path_factory):
    """A project after the whole job on workers, tracked in MLflow."""
    project = Project.create(tmp_path_factory.mktemp("dask") / "project")
    ended = project.run(*RUNNER, "--params", "mlflow.enabled=true")
    assert ended.code == 0, ended.console
    return project


def test_the_results_are_those_of_one_process(on_workers, whole_run):
    sequential = whole_run[0]
    assert [name for name in SAME if not is_same(on_workers, sequential, name)] == []
    # With them, beside each, what made it; and no more of a training than ever.
    assert on_workers.snapshot().keys() == sequential.snapshot().keys()


def is_same(project, other, name):
    return (project.data / name).read_bytes() == (other.data / name).read_bytes()


def test_a_resumed_run_finds_all_made(on_workers):
    ended = on_workers.run("--only-missing-outputs")
    assert ended.code == 0, ended.console
    assert "Skipping all" in ended.console


def test_the_folds_are_below_the_run_in_mlflow(on_workers):
    client = MlflowClient(f"sqlite:///{on_workers.folder}/mlflow.db")
    experiments = [each.experiment_id for each in client.search_experiments()]
    runs = client.search_runs(experiments)
    (parent,) = (run for run in runs if "mlflow.parentRunId" not in run.data.tags)
    assert parent.data.tags["kedro.runner"] == "DaskRunner"
    assert {"out_of_fold.micro_f1", "test.micro_f1"} <= parent.data.metrics.keys()
    folds = {run.info.run_name: run for run in runs if run is not parent}
    assert set(folds) == {"fold_0", "fold_1"}
    for run in folds.values():
        assert run.info.status == "FINISHED"
        assert run.data.tags["mlflow.parentRunId"] == parent.info.run_id
        assert "validation_micro_f1" in run.data.metrics
