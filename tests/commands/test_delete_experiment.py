"""Experiments are deleted with everything of theirs, and nothing else is."""

import sqlite3

import pytest
from projects import read_table

pytestmark = pytest.mark.slow

QUICK = "typed_punct_query--longer"


@pytest.fixture
def project(two_experiments, tmp_path):
    return two_experiments.copy_to(tmp_path / "project")


def delete(project, *arguments):
    return project.kedro("delete-experiment", "--env", "test", *arguments)


def runs(project):
    with sqlite3.connect(project.folder / "mlflow.db") as database:
        return set(database.execute("select name, lifecycle_stage from runs").fetchall())


def test_its_folders_go_and_those_of_others_stay(project):
    before = project.snapshot()
    ended = delete(project, QUICK, "--yes")
    assert ended.code == 0, ended.console
    gone = before.keys() - project.snapshot().keys()
    assert {name.split("/")[1] for name in gone} == {QUICK}
    assert {name.partition("/")[0] for name in gone} == {
        "04_feature", "05_model_input", "06_models", "07_model_output", "08_reporting",
    }  # fmt: skip
    assert not list(project.data.glob(f"*/{QUICK}"))

    again = project.run("--pipelines", "ensemble,leaderboard,submissions")
    assert again.code == 0, again.console
    board = read_table(project, "08_reporting/leaderboard.csv")
    assert {line["experiment"] for line in board} == {"typed_punct_query"}


def test_its_runs_in_mlflow_go_on_request(project):
    assert ("typed_punct_query", "active") in runs(project)
    ended = delete(project, "typed_punct_query", "--mlflow", "--yes")
    assert ended.code == 0, ended.console
    assert "3 runs are deleted in MLflow" in ended.console
    assert {(name, stage) for name, stage in runs(project) if stage == "active"} == set()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([QUICK, "typed_punkt_query"], "Did you mean typed_punct_query"),
        (["ensemble"], "There is no experiment 'ensemble' on disk"),
        ([".."], "There is no experiment '..' on disk"),
    ],
)
def test_a_name_that_is_none_deletes_nothing(project, names, message):
    before = project.snapshot()
    ended = delete(project, *names, "--yes")
    assert ended.code == 2
    assert message in " ".join(ended.console.split())
    assert project.snapshot() == before
