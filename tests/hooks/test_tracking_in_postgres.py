"""Tracking hooks on a real PostgreSQL, which counts characters and may be stopped in mid-run."""

import logging
import multiprocessing
import sys

import pytest
from fold_nodes import fold_node, train
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import node
from postgres_server import PASSWORD

from klue_pipeline.hooks.tracking import TrackingHooks
from klue_pipeline.tracking.mlflow_client import (
    MAX_RUN_NAME_CHARACTERS,
    MAX_TAG_CHARACTERS,
    RunStore,
)
from klue_pipeline.tracking.patience import GivenUpError

WHY = "두 개체의 위치를 알려 주면 나아진다. " * 300
LONG = "가" * 5990
PARAMETERS = {
    "experiment": "rbert",
    "experiments": {"rbert": {"why": WHY}},
    "run": {"name": None},
    "training": {"learning_rate": 5e-5, "note": LONG, "labels (관계 없음)": "org:founded"},
}


@pytest.fixture
def session_at(make_session, tmp_path, request, monkeypatch):
    """A hand-made Kedro session that is tracked at an address."""
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def session_at(address):
        session = make_session(tmp_path, request.node.name)
        session.settings["tracking_uri"] = address
        return session

    return session_at


@pytest.fixture
def session(session_at, mlflow_database):
    return session_at(mlflow_database)


def one_node():
    return [node(lambda: 1, None, "one", name="one")]


def test_parent_folds_curves_and_long_texts_are_whole_and_no_password_is_in_them(session, caplog):
    nodes = [fold_node(0, train(120, 0.5)), fold_node(1, train(2, 0.7))]
    with caplog.at_level(logging.INFO):
        session.run(TrackingHooks(), nodes, parameters=PARAMETERS)
    runs = session.runs()
    parent, folds = runs["rbert"], [runs["fold_0"], runs["fold_1"]]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert {run.data.tags["mlflow.parentRunId"] for run in folds} == {parent.info.run_id}
    expected = {
        "experiment": "rbert",
        "training.learning_rate": "5e-05",
        "training.note": LONG,
        "training.labels _관계 없음_": "org:founded",
    }
    assert [run.data.params for run in (parent, *folds)] == [expected] * 3
    assert parent.data.tags["klue.why"] == WHY[:MAX_TAG_CHARACTERS]
    assert session.curve(folds[0], "train_loss") == [(step, 1 / step) for step in range(1, 121)]
    assert session.curve(folds[0], "micro_f1") == [(120, 0.5)]
    told = [caplog.text, *(repr(run.to_dictionary()) for run in runs.values())]
    told += [path.read_text("utf-8") for path in session.folder.rglob("*") if path.is_file()]
    assert "klue:***@127.0.0.1" in caplog.text
    assert PASSWORD not in "".join(told)


def test_a_run_of_many_nodes_has_a_name_that_the_tables_hold(session):
    chosen = [f"fold_{fold}.train" for fold in range(60)]
    session.run(TrackingHooks(), one_node(), run_params={"node_names": chosen})
    (name,) = session.runs()
    assert (name[:20], len(name)) == ("rbert: fold_0.train,", MAX_RUN_NAME_CHARACTERS)


def test_a_server_that_is_stopped_in_mid_run_costs_warnings_and_no_result(
    session, postgres, caplog
):
    hooks, catalog = TrackingHooks(), DataCatalog({"fold_0.metrics": MemoryDataset()})

    def stop_then_train():
        postgres.stop()
        return train(200, 0.5)()

    try:
        with caplog.at_level(logging.WARNING):
            session.run(hooks, [fold_node(0, stop_then_train)], catalog)
    finally:
        postgres.start()
    assert catalog.load("fold_0.metrics")["micro_f1"] == 0.5
    trouble, end = [r.message for r in caplog.records if r.name.startswith("klue_pipeline")]
    assert "could not log live values; the run goes on without it" in trouble
    assert "RUNNING still" in end
    assert PASSWORD not in caplog.text
    left = session.runs()
    assert {run.info.status for run in left.values()} == {"RUNNING"}


def test_a_server_that_is_back_before_the_end_gets_the_rest(session, postgres):
    def stop_for_a_while():
        postgres.stop()
        answer = train(60, 0.5)()
        postgres.start()
        return answer

    session.run(TrackingHooks(), [fold_node(0, stop_for_a_while)])
    runs = session.runs()
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    expected = [(step, 1 / step) for step in range(1, 61)]
    assert session.curve(runs["fold_0"], "train_loss") == expected


def test_a_frozen_server_is_given_up_after_the_budget(mlflow_database, postgres, monkeypatch):
    store = RunStore(mlflow_database)
    monkeypatch.setattr(store.patience, "_left", 0.3)
    postgres.freeze()
    try:
        with pytest.raises(GivenUpError, match="no answer"):
            store.set_tag("run", "name", "value")
    finally:
        postgres.thaw()


def test_processes_that_find_an_empty_database_at_once_make_its_tables_once(postgres):
    address, fork = postgres.new_database(), multiprocessing.get_context("fork")
    barrier = fork.Barrier(3)

    def begin(name):
        barrier.wait()
        RunStore(address).experiment_id(name, None)

    started = [fork.Process(target=begin, args=(f"experiment {number}",)) for number in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join(60)
    assert [process.exitcode for process in started] == [0, 0, 0]
    names = postgres.ask(address.rpartition("/")[2], "SELECT name FROM experiments")
    assert {name for (name,) in names} == {"Default", *(f"experiment {n}" for n in range(3))}


@pytest.mark.parametrize(
    ("login", "database", "words"),
    [
        ("klue:SECRET/WORD", "postgres", "password authentication failed"),
        ("klue:SECRETWORD", "no_such", "no_such.* does not exist"),
    ],
)
def test_what_the_server_refuses_stops_the_run_at_the_start(
    session_at, postgres, login, database, words
):
    session = session_at(postgres.address_of(database, login))
    with pytest.raises(RuntimeError, match=words) as caught:
        session.start(TrackingHooks())
    assert "klue:***@" in str(caught.value)
    assert "SECRET" not in str(caught.value) + str(caught.value.__cause__)


def test_a_password_may_come_from_the_environment(
    session_at, postgres, mlflow_database, monkeypatch
):
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    address = postgres.address_of(mlflow_database.rpartition("/")[2], login="klue")
    session = session_at(address)
    session.run(TrackingHooks(), one_node())
    assert session.runs()["rbert"].info.status == "FINISHED"


def test_a_folder_that_the_tables_cannot_hold_is_refused_with_a_remedy(session, tmp_path):
    long = f"file://{tmp_path}/" + "실험" * 90
    with pytest.raises(RuntimeError, match=r"(?s)artifact_location .* shorter folder"):
        session.start(TrackingHooks(), mlflow={"artifact_location": long})


def test_a_driver_that_is_missing_is_named_with_the_extra_that_has_it(session_at, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    session = session_at("postgresql+psycopg://kim:SECRET@db.example/mlflow")
    with pytest.raises(
        RuntimeError, match=r"psycopg is not installed.*klue_pipeline\[postgresql\]"
    ):
        session.start(TrackingHooks())
