"""A search as people type it: killed in a trial, called again, its winner an entry that runs."""

import json
import sqlite3

import pytest
import yaml
from projects import Project, read_table

pytestmark = pytest.mark.slow

SETTINGS = (
    "mlflow.enabled=true,tune.trials=4,tune.finalists=1,tune.finalist_seeds=2,training.epochs=2,"
    "tune.spared_trials=3,training.learning_rate=3.0e-4,tune.startup_trials=2"
)
STAGES = "ingest,clean,augment,tokenize,tune"
KILLED = 2
TUNING = "08_reporting/typed_punct_query/tuning"


def is_under_way(project, number):
    """Tell whether a trial has evaluated once and goes on."""
    file = project.data / "optuna.db"
    if not file.is_file():
        return False
    query = (
        "SELECT count(*) FROM trials JOIN trial_intermediate_values USING (trial_id)"
        " WHERE number = ? AND state = 'RUNNING'"
    )
    try:
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as database:
            return database.execute(query, [number]).fetchone()[0] > 0
    except sqlite3.OperationalError:  # its tables are being made
        return False


@pytest.fixture(scope="module")
def searched(command_server, tmp_path_factory):
    """The project after a search that was killed in its third trial and called again."""
    project = Project.create(tmp_path_factory.mktemp("tuned") / "project")
    first = project.start("--pipelines", STAGES, "--params", SETTINGS)
    first.kill_when(lambda: is_under_way(project, KILLED))
    made_before = project.snapshot("04_feature")
    again = project.kedro(
        "tune", "--env", "test", "--params", SETTINGS, "--write-entry", "searched"
    )
    assert again.code == 0, again.console
    assert project.snapshot("04_feature") == made_before
    return project, again.console


def test_no_trial_is_lost_and_none_is_there_twice(searched):
    project, console = searched
    trials = read_table(project, f"{TUNING}/trials.csv", "utf-8-sig")
    killed = trials[KILLED]
    assert (killed["state"], killed["reason"]) == ("fail", "its process was killed")
    assert "trial 2: its process was killed" in console
    whole = [trial for trial in trials if trial["state"] in ("complete", "pruned")]
    assert len(whole) == 4
    assert len(trials) == 5
    assert len({trial["settings"] for trial in whole}) == 4
    again = [trial for trial in whole if int(trial["trial"]) > KILLED]
    assert killed["settings"] in {trial["settings"] for trial in again}
    assert "Trials: " in console


def test_the_first_trial_has_the_settings_of_the_experiment(searched):
    first = read_table(searched[0], f"{TUNING}/trials.csv", "utf-8-sig")[0]
    assert json.loads(first["settings"])["training.learning_rate"] == pytest.approx(3e-4)


def test_the_best_is_trained_again_beside_the_experiment(searched):
    finalists = read_table(searched[0], f"{TUNING}/finalists.csv", "utf-8-sig")
    assert {row["n"] for row in finalists} == {"2"}
    assert sum(row["candidate"] == "as it was" for row in finalists) == 1
    assert len(finalists) == 2
    verdict = searched[0].read_json(f"{TUNING}/report.json")["verdict"]
    assert verdict["winner"] == finalists[0]["candidate"]


def test_figures_are_pictures(searched):
    for name in ("history", "importance", "slices", "parallel"):
        assert (searched[0].data / TUNING / f"{name}.png").read_bytes()[:4] == b"\x89PNG"


def test_the_winner_is_an_entry_that_can_be_run(searched):
    project, console = searched
    report = project.read_json(f"{TUNING}/report.json")
    book = yaml.safe_load((project.folder / "conf/test/parameters_experiments.yml").read_text())
    if report["verdict"]["winner"] == "as it was":
        assert "No entry is written" in console
        assert "searched" not in book.get("experiments", {})
        return
    assert "kedro run --env test --params experiment=searched" in console
    ended = project.run("--pipelines", "ingest", "--params", "experiment=searched")
    assert ended.code == 0, ended.console
    for name, value in report["verdict"]["settings"].items():
        group, _, setting = name.partition(".")
        said = book["experiments"]["searched"].get(group, {})
        assert said.get(setting, value) == value


def test_each_trial_is_a_run_below_the_search(searched):
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{searched[0].folder / 'mlflow.db'}")
    (experiment,) = [each for each in client.search_experiments() if each.name != "Default"]
    runs = client.search_runs([experiment.experiment_id])
    parents = {run.info.run_id: run for run in runs if "mlflow.parentRunId" not in run.data.tags}
    trials = [run for run in runs if run.info.run_name.startswith("trial ")]
    assert {run.data.tags["mlflow.parentRunId"] for run in trials} <= set(parents)
    statuses = sorted(run.info.status for run in trials)
    assert statuses == ["FINISHED"] * 4 + ["KILLED"]
    table = {
        row["trial"]: row for row in read_table(searched[0], f"{TUNING}/trials.csv", "utf-8-sig")
    }
    for run in trials:
        row = table[run.data.tags["klue.trial"]]
        if row["state"] == "complete":
            assert run.data.metrics["value"] == pytest.approx(float(row["value"]), rel=1e-5)
            assert len(client.get_metric_history(run.info.run_id, "validation_micro_f1")) == 2
            drawn = json.loads(row["settings"])
            assert float(run.data.params["training.learning_rate"]) == pytest.approx(
                drawn["training.learning_rate"]
            )
        if row["state"] == "pruned":
            assert "below what others had" in run.data.tags["klue.pruned"]
    assert len([run for run in runs if run.info.run_name.startswith("repeat ")]) == 4
    (last,) = [run for run in parents.values() if run.info.status == "FINISHED"]
    files = {file.path for file in client.list_artifacts(last.info.run_id, "figures")}
    assert "figures/history.png" in files


def test_another_search_of_the_same_name_is_refused(searched):
    ended = searched[0].run(
        "--pipelines", "tune", "--params", SETTINGS.replace("epochs=2", "epochs=3")
    )
    assert ended.code != 0
    assert "training.epochs was 2, this run says 3" in ended.console
    assert "tune.study" in ended.console


@pytest.mark.parametrize(
    ("space", "message"),
    [
        ("tune.space.training.learning_rat=[1.0]", "Did you mean learning_rate"),
        ("tune.space.loss.name=[focall]", "tune.space.loss.name: found 'focall'"),
        ("tune.space.augment.seed=[1]", "a trial varies settings of input, encoder, head"),
        ("tune.folds=[5]", "tune.folds: found [5]; the split has folds 0 to 1"),
    ],
)
def test_a_wrong_search_is_refused_before_anything_runs(searched, space, message):
    ended = searched[0].run("--pipelines", "tune", "--params", f"{SETTINGS},{space}")
    assert ended.code != 0
    assert message in " ".join(ended.console.split())
    assert "search_settings" not in ended.console
