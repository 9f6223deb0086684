"""Tracking hooks around small pipelines, on a real sqlite database."""

import hashlib
import json
import logging
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from fold_nodes import fold_node, train
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import node
from kedro_datasets.json import JSONDataset

from klue_pipeline.hooks.tracking import TrackingHooks
from klue_pipeline.tracking import connection
from klue_pipeline.tracking.pages import list_experiments
from klue_pipeline.training import progress

# A driver that has begun to train fold 0; it says so, then never gets to its end.
UNFINISHED = """
    import sys, time
    from pathlib import Path
    from types import SimpleNamespace
    from kedro.io import DataCatalog
    from kedro.pipeline import Pipeline
    from klue_pipeline.hooks.tracking import TrackingHooks
    from klue_pipeline.training.progress import report_progress

    class Loader(dict):
        runtime_params, config_patterns, env = None, {}, None
        conf_source, base_env = "/no/configuration", "base"

    folder, experiment = Path(sys.argv[1]), sys.argv[2]
    settings = dict(enabled=True, tracking_uri="sqlite:///mlflow.db", experiment=experiment)
    loader = Loader(tracking=settings, parameters={"experiment": "old"})
    hooks = TrackingHooks()
    hooks.after_context_created(SimpleNamespace(config_loader=loader, project_path=folder))
    hooks.before_pipeline_run({}, Pipeline([]), DataCatalog())
    hooks.before_node_run(SimpleNamespace(name="fold_0.train", outputs=["fold_0.model"]), None)
    report_progress(7, {"train_loss": 0.25})
    print("training", flush=True)
    time.sleep(60)
"""


def fail():
    progress.report_progress(1, {"train_loss": 0.5})
    raise ValueError("손실이 발산했다")


@pytest.fixture(scope="module", autouse=True)
def unfinished(project_folder):
    """Two drivers in processes of their own; they import MLflow while the first tests run."""
    script = [sys.executable, "-c", textwrap.dedent(UNFINISHED), str(project_folder)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    names = ("killed", "interrupted")
    processes = {name: subprocess.Popen([*script, name], **pipes) for name in names}
    yield processes
    for process in processes.values():
        process.kill()
        process.communicate()


def wait_until_it_trains(process):
    process.said = getattr(process, "said", None) or process.stdout.readline()
    assert process.said == b"training\n", process.stderr.read().decode()


def test_one_parent_and_one_child_per_trained_fold(session):
    (session.folder / "train.csv").write_bytes(b"id\n")
    other = node(lambda: {"a": 1}, None, "report", name="count_rows")
    session.run(TrackingHooks(), [fold_node(0, train(3, 0.5)), fold_node(1, train(2, 0.7)), other])
    runs = session.runs()
    assert set(runs) == {"rbert", "fold_0", "fold_1"}
    parent = runs["rbert"]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    for fold in (0, 1):
        tags = runs[f"fold_{fold}"].data.tags
        assert tags["mlflow.parentRunId"] == parent.info.run_id
        assert (tags["kedro.node"], tags["klue.fold"]) == (f"fold_{fold}.train", str(fold))
    tags = parent.data.tags
    assert tags["klue.why"] == tags["mlflow.note.content"] == "두 개체의 위치를 알려 주면 나아진다"
    assert tags["kedro.pipeline_names"] == "__default__"
    assert (tags["kedro.run_id"], tags["kedro.env"]) == ("2026-01-01", "test")
    assert tags["klue.pid"] == str(os.getpid())
    assert tags["klue.data_sha256"] == hashlib.sha256(b"id\n").hexdigest()
    assert (
        parent.data.params
        == runs["fold_0"].data.params
        == {
            "experiment": "rbert",
            "raw.train": "train.csv",
            "training.epochs": "2",
            "training.learning_rate": "5e-05",
            "folds.n_splits": "2",
        }
    )


def test_curves_hold_every_step_once_and_final_metrics_stand_at_the_last(session):
    session.run(TrackingHooks(), [fold_node(0, train(120, 0.5)), fold_node(1, train(2, 0.7))])
    runs = session.runs()
    expected = [(step, 1 / step) for step in range(1, 121)]
    assert session.curve(runs["fold_0"], "train_loss") == expected
    assert session.curve(runs["fold_1"], "train_loss") == [(1, 1.0), (2, 0.5)]
    assert session.curve(runs["fold_0"], "micro_f1") == [(120, 0.5)]
    assert set(runs["fold_0"].data.metrics) == {"train_loss", "micro_f1", "rows"}
    assert runs["rbert"].data.metrics == {}


def test_values_are_in_mlflow_while_the_fold_still_trains(session):
    seen = []

    def train_and_look():
        train(60, 0.5)()
        seen.extend(session.curve(session.runs()["fold_0"], "train_loss"))
        return {}, {}

    session.run(TrackingHooks(), [fold_node(0, train_and_look)])
    assert len(seen) >= 50


def test_parent_gets_the_numbers_and_files_of_the_report(session, tmp_path):
    def report():
        scores = {"out_of_fold": {"micro_f1": 0.7, "folds": [1]}, "test": None}
        return scores, {"members": 2, "names": ["a"]}, {"id": 1}, {"id": 2}

    names = ["metrics", "ensemble_report@one", "submission", "experiment_submission"]
    files = {"metrics": "m.json", "submission": "s.csv", "experiment_submission": "a/s.csv"}
    catalog = session.catalog_of(tmp_path, **files)
    session.run(TrackingHooks(), [node(report, None, names, name="report")], catalog)
    parent = session.runs()["rbert"]
    assert parent.data.metrics == {"out_of_fold.micro_f1": 0.7, "ensemble.members": 2.0}
    client, run_id = session.client(), parent.info.run_id
    paths = {item.path for item in client.list_artifacts(run_id)}
    assert paths == {"settings.json", "reports", "submission", "experiment_submission"}
    copy = client.download_artifacts(run_id, "experiment_submission/s.csv")
    assert json.loads(Path(copy).read_text(encoding="utf-8")) == {"id": 2}
    assert list((session.folder / "mlartifacts").rglob("s.csv"))


@pytest.mark.parametrize("log_models", [False, True])
def test_models_are_copied_only_when_asked_for(session, tmp_path, log_models):
    """That of a fold to the fold's run; one for MLflow becomes a logged model of the parent."""
    files = {"fold_{number}.model": "model.json", "mlflow_model": "MLmodel"}
    fold = node(lambda: {"w": 1}, None, "fold_0.model", name="train", namespace="fold_0")
    package = node(lambda: {"flavors": 1}, None, "mlflow_model", name="package_model")
    catalog = session.catalog_of(tmp_path, **files)
    session.run(TrackingHooks(), [fold, package], catalog, mlflow={"log_models": log_models})
    client, runs = session.client(), session.runs()
    copied = [item.path for item in client.list_artifacts(runs["fold_0"].info.run_id, "model")]
    experiment = runs["rbert"].info.experiment_id
    models = [
        (model.name, model.source_run_id, model.status)
        for model in client.search_logged_models([experiment])
    ]
    ready = ("mlflow_model", runs["rbert"].info.run_id, "READY")
    assert copied == (["model/model.json"] if log_models else [])
    assert models == ([ready] if log_models else [])


def test_failed_fold_fails_its_run_and_the_parent(session):
    hooks = TrackingHooks()
    with pytest.raises(ValueError, match="발산"):
        session.run(hooks, [fold_node(0, train(2, 0.5)), fold_node(1, fail)])
    runs = session.runs()
    statuses = {name: run.info.status for name, run in runs.items()}
    assert statuses == {"rbert": "FAILED", "fold_0": "FINISHED", "fold_1": "FAILED"}
    assert session.curve(runs["fold_1"], "train_loss") == [(1, 0.5)]
    assert runs["rbert"].data.tags["klue.failed_node"] == "fold_1.train"
    assert runs["fold_1"].data.tags["klue.error"] == "ValueError: 손실이 발산했다"
    assert progress._listener.get() is None
    assert "KLUE_MLFLOW_PARENT" not in os.environ


def test_fold_whose_outputs_cannot_be_saved_is_failed(session, tmp_path):
    (tmp_path / "file").write_text("in the way")
    catalog = DataCatalog({"fold_0.history": JSONDataset(filepath=str(tmp_path / "file/h.json"))})
    with pytest.raises(DatasetError, match="JSONDataset"):
        session.run(TrackingHooks(), [fold_node(0, train(2, 0.5))], catalog)
    assert {run.info.status for run in session.runs().values()} == {"FAILED"}


def test_killed_run_is_marked_by_the_next_and_others_are_left_alone(session, unfinished):
    session.settings["experiment"] = "killed"
    process = unfinished["killed"]
    wait_until_it_trains(process)
    client = session.client()
    old, fold = session.runs()["old"], session.runs()["fold_0"]
    foreign_tags = {"klue.host": "another-host", "klue.pid": "1"}
    foreign = client.create_run(old.info.experiment_id, tags=foreign_tags, run_name="foreign")

    def status(run):
        return client.get_run(run.info.run_id).info.status

    session.run(TrackingHooks(), [node(lambda: 1, None, "one", name="one")])
    assert (status(old), status(fold)) == ("RUNNING", "RUNNING")  # it is alive
    os.kill(process.pid, signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # dead, a zombie still
    session.run(TrackingHooks(), [node(lambda: 1, None, "one", name="one")])
    assert (status(old), status(fold), status(foreign)) == ("KILLED", "KILLED", "RUNNING")


def test_interrupted_run_is_closed_as_its_process_ends(session, unfinished):
    session.settings["experiment"] = "interrupted"
    process = unfinished["interrupted"]
    wait_until_it_trains(process)
    process.send_signal(signal.SIGINT)
    _, console = process.communicate(timeout=20)
    assert b"KeyboardInterrupt" in console
    runs = session.runs()
    assert (runs["old"].info.status, runs["fold_0"].info.status) == ("KILLED", "KILLED")
    assert session.curve(runs["fold_0"], "train_loss") == [(7, 0.25)]


def test_pid_that_belongs_to_another_process_now_counts_as_dead(session):
    session.run(TrackingHooks(), [node(lambda: 1, None, "one", name="one")])
    client, run = session.client(), session.runs()["rbert"]
    tags = {**run.data.tags, "klue.process_start": "1"}  # this pid, but an earlier life of it
    earlier = client.create_run(run.info.experiment_id, tags=tags)
    session.run(TrackingHooks(), [node(lambda: 1, None, "one", name="one")])
    assert client.get_run(earlier.info.run_id).info.status == "KILLED"


def test_interrupted_session_of_a_notebook_is_closed_by_the_next(session):
    hooks = TrackingHooks()
    session.start(hooks, parameters={"experiment": "first"})
    session.run(hooks, [node(lambda: 1, None, "one", name="one")])
    statuses = {name: run.info.status for name, run in session.runs().items()}
    assert statuses == {"first": "KILLED", "rbert": "FINISHED"}


def test_worker_without_context_attaches_its_folds_to_the_parent(session):
    driver, worker = TrackingHooks(), TrackingHooks()
    session.start(driver)
    fold = fold_node(0, train(1, 0.5))
    worker.before_node_run(fold, session.catalog_of())
    progress.report_progress(1, {"train_loss": 0.5})
    worker.after_node_run(fold)
    worker.after_dataset_saved("fold_0.metrics", {"micro_f1": 0.25}, fold)
    worker.after_dataset_saved("fold_0.history", {}, fold)
    driver.after_pipeline_run()
    runs = session.runs()
    child, parent = runs["fold_0"], runs["rbert"]
    assert child.data.tags["mlflow.parentRunId"] == parent.info.run_id
    assert child.data.params == parent.data.params
    assert child.data.metrics == {"train_loss": 0.5, "micro_f1": 0.25}
    assert (child.info.status, parent.info.status) == ("FINISHED", "FINISHED")


def test_fold_of_a_lost_worker_is_closed_with_the_parent(session):
    driver, worker = TrackingHooks(), TrackingHooks()
    session.start(driver)
    worker.before_node_run(fold_node(0, train(1, 0.5)), DataCatalog())
    driver.on_pipeline_error(RuntimeError("worker lost"))
    assert {run.info.status for run in session.runs().values()} == {"FAILED"}
    progress.set_listener(None)


def test_fold_that_is_trained_again_leaves_the_first_try_killed(session):
    driver, dead, worker = TrackingHooks(), TrackingHooks(), TrackingHooks()
    session.start(driver)
    for fold in (1, 0):
        dead.before_node_run(fold_node(fold, train(1, 0.5)), DataCatalog())
    first = session.runs()["fold_0"].info.run_id
    worker.before_node_run(fold_node(0, train(1, 0.5)), DataCatalog())
    progress.set_listener(None)
    assert session.client().get_run(first).info.status == "KILLED"
    assert session.runs()["fold_1"].info.status == "RUNNING"
    driver.after_pipeline_run()


def test_broken_mlflow_in_mid_run_costs_warnings_and_no_result(session, caplog, monkeypatch):
    hooks, catalog = TrackingHooks(), DataCatalog({"fold_0.metrics": MemoryDataset()})

    def break_then_train():
        def refuse(*args, **kwargs):
            raise OSError("database is locked")

        monkeypatch.setattr("mlflow.MlflowClient.log_batch", refuse)
        monkeypatch.setattr("mlflow.MlflowClient.set_terminated", refuse)
        return train(200, 0.5)()

    with caplog.at_level(logging.WARNING):
        session.run(hooks, [fold_node(0, break_then_train)], catalog)
    assert catalog.load("fold_0.metrics")["micro_f1"] == 0.5
    warnings = [r.message for r in caplog.records if r.name.startswith("klue_pipeline")]
    trouble, end = warnings
    assert "database is locked" in trouble
    assert "RUNNING still" in end


def test_new_database_is_whole_and_that_of_a_faster_process_stays(session, tmp_path, monkeypatch):
    file = tmp_path / "mlflow.db"

    def make_tables(tracking_uri):
        assert "draft" in tracking_uri  # half-made tables never stand under the final name
        file.write_text("the other process was faster")

    monkeypatch.setattr("mlflow.MlflowClient", make_tables)
    connection._create_database(file)
    assert file.read_text() == "the other process was faster"
    assert list(tmp_path.iterdir()) == [file]


def test_two_runs_that_start_a_new_experiment_at_once_share_it(session, monkeypatch):
    from mlflow import MlflowClient

    seen_first = []
    real = MlflowClient.get_experiment_by_name

    def too_early(client, name):
        experiment = real(client, name)
        if not seen_first:
            seen_first.append(client.create_experiment(name))  # the other process, just after
        return experiment

    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", too_early)
    session.run(TrackingHooks(), [node(lambda: 1, None, "one", name="one")])
    assert session.runs()["rbert"].info.experiment_id == seen_first[0]


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("sqlite:///README.md", "not a database"),
        ("sqlite:///README.md/mlflow.db", "README.md"),
        ("http://127.0.0.1:9", "127.0.0.1"),
        ("postgresql://kim:secret@127.0.0.1/mlflow", r"kim:\*\*\*@"),
        ("./mlruns", "mlruns"),
    ],
)
def test_unusable_address_stops_the_run_at_the_start(session, monkeypatch, uri, words):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    (session.folder / "README.md").write_text("no database, but long enough to look at" * 50)
    with pytest.raises(RuntimeError, match=words) as caught:
        session.start(TrackingHooks(), mlflow={"tracking_uri": uri})
    assert "mlflow.enabled=false" in str(caught.value)


def test_a_run_with_nothing_to_do_leaves_no_trace(session, tmp_path):
    catalog = session.catalog_of(tmp_path, metrics="m.json")
    nodes = [node(lambda: {"x": 1}, None, "metrics", name="report")]
    asked = {"run_params": {"only_missing_outputs": True}, "nodes": nodes}
    session.run(TrackingHooks(), nodes, catalog)
    hooks = TrackingHooks()
    session.start(hooks, catalog, parameters={"experiment": "idle"}, **asked)
    hooks.after_pipeline_run()
    assert set(session.runs()) == {"rbert"}
    (tmp_path / "m.json").unlink()
    session.start(hooks, catalog, parameters={"experiment": "busy"}, **asked)
    hooks.after_pipeline_run()
    assert set(session.runs()) == {"rbert", "busy"}


def test_processes_of_an_orchestrator_share_the_run_that_the_environment_names(
    session, monkeypatch
):
    client = session.client()
    outer = client.create_run(client.create_experiment("nightly")).info
    monkeypatch.setenv("MLFLOW_RUN_ID", outer.run_id)
    session.run(TrackingHooks(), [fold_node(0, train(1, 0.5))])
    runs = {run.info.run_name: run for run in client.search_runs([outer.experiment_id])}
    ours, fold = runs["rbert"], runs["fold_0"]
    assert ours.data.tags["mlflow.parentRunId"] == outer.run_id
    assert fold.data.tags["mlflow.parentRunId"] == ours.info.run_id
    assert (ours.info.status, client.get_run(outer.run_id).info.status) == ("FINISHED", "RUNNING")
    monkeypatch.setenv("MLFLOW_RUN_ID", "0" * 32)
    with pytest.raises(RuntimeError, match="MLFLOW_RUN_ID names the run 0000"):
        session.start(TrackingHooks())


def test_a_clock_that_was_set_back_gives_no_negative_duration(session, monkeypatch):
    hooks = TrackingHooks()
    session.start(hooks)
    hooks.before_node_run(fold_node(0, train(1, 0.5)), session.catalog_of())
    monkeypatch.setattr("klue_pipeline.tracking.mlflow_client.time.time", lambda: 1e9)
    hooks.after_pipeline_run()
    monkeypatch.undo()
    assert {run.info.end_time - run.info.start_time for run in session.runs().values()} == {0}


def test_trouble_while_a_run_is_begun_refuses_it_and_leaves_no_open_run(session, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("http://kim:SECRET@host is full")

    monkeypatch.setattr("mlflow.MlflowClient.log_batch", refuse)
    with pytest.raises(RuntimeError, match=r"kim:\*\*\*@host is full\nCorrect tracking_uri"):
        session.start(TrackingHooks())
    assert session.runs()["rbert"].info.status == "FAILED"


def test_the_page_of_an_experiment_shows_model_training(session):
    session.run(TrackingHooks(), [node(lambda: 1, None, "one", name="one")])
    pages = dict(list_experiments(session.folder / "mlflow.db"))
    number = session.runs()["rbert"].info.experiment_id
    address = f"/#/experiments/{number}/runs?workflowType=machine_learning"
    assert pages[session.settings["experiment"]].endswith(address)
    assert list(list_experiments(session.folder / "no.db")) == []


def test_deleted_experiment_says_what_to_do(session):
    session.run(TrackingHooks(), [node(lambda: 1, None, "one", name="one")])
    session.client().delete_experiment(session.runs()["rbert"].info.experiment_id)
    with pytest.raises(RuntimeError, match="mlflow experiments restore"):
        session.start(TrackingHooks())


def test_command_line_turns_tracking_off_without_importing_mlflow(tmp_path):
    script = textwrap.dedent(UNFINISHED).partition("report_progress(7")[0]
    script = script.replace("enabled=True", "enabled=False") + textwrap.dedent("""
        hooks.after_dataset_saved("metrics", {"a": 1}, SimpleNamespace(name="report"))
        hooks.after_pipeline_run()
        print([name for name in ("mlflow", "torch", "transformers") if name in sys.modules])
    """)
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), "off"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "[]\n"
    assert list(tmp_path.iterdir()) == []
