"""The command line: adapt an encoder, fine-tune it, go on after a kill, and what is refused."""

import os
import sqlite3

import pytest

pytestmark = pytest.mark.slow

ADAPT = ["--pipelines", "ingest,clean,adapt"]
USING_IT = "encoder.name=adapted,folds.run=[0]"
FINE_TUNE = ["--pipelines", "augment,tokenize,train", "--params", USING_IT]
RECORD = "06_models/adapted/adaptation.json"


def test_an_adapted_encoder_is_where_fine_tuning_starts(project):
    adapted, tuned, other_seed, again = project.run_each(
        [*ADAPT, "--params", "mlflow.enabled=true"],
        FINE_TUNE,
        ["--pipelines", "adapt", "--params", "adapt.seed=7"],
        ["--pipelines", "train", "--params", USING_IT],
    )
    assert adapted.code == 0, adapted.console
    assert "Held-out perplexity before" in adapted.console
    assert tuned.code == 0, tuned.console
    assert (project.data / "06_models/typed_punct_query/fold_0/model.safetensors").is_file()
    assert not (project.data / "06_models/.scratch_adapted").exists()
    report = project.read_json("08_reporting/adaptation_report.json")
    assert (report["head"], report["transductive"]) == ("new", False)

    # What was tokenised for the former encoder is not mixed with what comes from the new one.
    assert other_seed.code == 0, other_seed.console
    assert project.read_json(RECORD)["settings"]["seed"] == 7
    assert again.code == 1
    assert "encoder.files was" in again.console

    with sqlite3.connect(project.folder / "mlflow.db") as database:
        runs = database.execute("select name, status from runs").fetchall()
        curve = database.execute(
            "select step from metrics where key = 'validation_perplexity' order by step"
        ).fetchall()
    assert ("adapt", "FINISHED") in runs
    assert [step for (step,) in curve] == [report["steps"] // 2, report["steps"]]


def test_fine_tuning_without_an_adapted_encoder_is_refused(project):
    ended = project.run("--params", "encoder.name=adapted")
    assert ended.code == 1
    assert "there is no adapted encoder at data/test/06_models/adapted" in ended.console
    assert "kedro run --env test --pipelines ingest,clean,adapt" in ended.console
    assert not project.data.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
def test_a_killed_adaptation_goes_on_where_it_was(project, tmp_path):
    settings = "adapt.epochs=2,adapt.batch_size=2,adapt.checkpoint_every_steps=10"
    command = [*ADAPT, "--params", settings]
    unbroken = project.copy_to(tmp_path / "unbroken")

    killed = project.run_until("adapt", 13, *command)
    assert killed.code == -9, killed.console
    assert not (project.data / RECORD).exists()

    resumed, straight = project.run(*command), unbroken.run(*command)
    assert (resumed.code, straight.code) == (0, 0), resumed.console
    assert "Resuming from checkpoint-10" in resumed.console
    for name in (
        RECORD,
        "06_models/adapted/model.safetensors",
        "08_reporting/adaptation_history.csv",
        "08_reporting/adaptation_report.json",
    ):
        assert (project.data / name).read_bytes() == (unbroken.data / name).read_bytes()
    assert not (project.data / "06_models/.scratch_adapted").exists()
