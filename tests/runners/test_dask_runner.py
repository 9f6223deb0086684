"""Nodes on the workers of a cluster: side by side, after a death, after a failure."""

import logging
import os
import subprocess
import sys
import time

import cluster_nodes
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from kedro_datasets.json import JSONDataset

from klue_pipeline.runners import DaskRunner
from klue_pipeline.runners.dask_cluster import local_cluster

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address():
    """The scheduler of a cluster of two workers."""
    with local_cluster(2) as own:
        yield own


def wire(function, inputs, outputs):
    return node(getattr(cluster_nodes, function), inputs, outputs, name=function)


def run(address, folder, *nodes):
    """Run nodes that read ``folder`` and keep every other dataset in a file there."""
    pipeline = Pipeline(list(nodes))
    catalog = DataCatalog()
    catalog["folder"] = str(folder)
    for name in pipeline.all_outputs():
        catalog[name] = JSONDataset(filepath=str(folder / f"{name}.json"))
    DaskRunner(address=address).run(pipeline, catalog)
    return {name: catalog.load(name) for name in pipeline.all_outputs()}


def test_nodes_that_need_nothing_of_each_other_run_side_by_side(address, tmp_path):
    made = run(
        address, tmp_path,
        wire("meet_second", "folder", "one"),
        wire("meet_first", "folder", "two"),
        wire("join", ["one", "two"], "both"),
    )  # fmt: skip
    assert made["both"] == ["first", "second"]
    pids = {cluster_nodes.begun(tmp_path, name)[0] for name in ("first", "second")}
    assert len(pids - {str(os.getpid())}) == 2


def test_a_node_whose_worker_dies_is_run_again(address, tmp_path, caplog):
    made = run(address, tmp_path, wire("die_once", "folder", "survivor"))
    assert made == {"survivor": "survived"}
    assert len(cluster_nodes.begun(tmp_path, "die_once")) == 2
    assert "The worker that ran die_once died" in caplog.text


def test_a_node_that_kills_two_workers_is_given_up(address, tmp_path):
    with pytest.raises(RuntimeError, match="die_always: 2 workers died while they ran it"):
        run(address, tmp_path, wire("die_always", "folder", "never"))
    assert len(cluster_nodes.begun(tmp_path, "die_always")) == 2


def test_a_failure_stops_what_depends_on_it_and_nothing_else(address, tmp_path, caplog):
    with pytest.raises(ValueError, match="no such file") as raised:
        run(
            address, tmp_path,
            wire("fail", "folder", "lost"),
            wire("follow", "lost", "follower"),
            wire("work", "folder", "kept"),
            node(cluster_nodes.join, ["kept", "folder"], "later", name="later"),
        )  # fmt: skip
    assert (tmp_path / "later.json").is_file()
    assert not (tmp_path / "follower.json").exists()
    assert "Of 4 nodes, 1 failed: fail. Without them could not run: follow." in caplog.text
    assert 'raise ValueError("no such file")' in "".join(raised.value.__notes__)


def test_what_a_node_logs_is_logged_by_the_command(address, tmp_path, caplog):
    with caplog.at_level(logging.INFO, logger="klue_pipeline"):
        run(address, tmp_path, wire("log_lines", "folder", "logged"))
    told = [record for record in caplog.records if record.name == "klue_pipeline.cluster_nodes"]
    assert [(record.levelname, record.message.splitlines()[0]) for record in told] == [
        ("INFO", "100% [/b] of 2 rows"), ("ERROR", "it failed"),
    ]  # fmt: skip
    assert told[1].message.endswith("ValueError: no such file")


def test_an_error_that_cannot_travel_is_told_in_words(address, tmp_path):
    with pytest.raises(RuntimeError, match="OddError: "):
        run(address, tmp_path, wire("fail_oddly", "folder", "lost"))


def test_a_node_finds_the_folder_and_variables_of_the_command(address, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for parent in ("3", "4"):
        monkeypatch.setenv("KLUE_MLFLOW_PARENT", parent)
        made = run(address, tmp_path, wire("tell_surroundings", "folder", "told"))
        assert made["told"] == {"folder": str(tmp_path), "parent": parent}
    monkeypatch.delenv("KLUE_MLFLOW_PARENT")
    made = run(address, tmp_path, wire("tell_surroundings", "folder", "told"))
    assert made["told"]["parent"] is None


DRIVER = """
import sys
from pathlib import Path
from kedro.io import DataCatalog
from kedro.pipeline import Pipeline, node
from cluster_nodes import work_for_ever
from klue_pipeline.runners import DaskRunner

catalog = DataCatalog()
catalog["folder"] = str(Path.cwd())
nodes = Pipeline([node(work_for_ever, "folder", "never", name="work_for_ever")])
DaskRunner(address=sys.argv[1]).run(nodes, catalog)
"""


def test_a_node_ends_when_the_command_that_wants_it_is_killed(address, tmp_path):
    search_path = os.pathsep.join(path for path in sys.path if path)
    driver = subprocess.Popen(
        [sys.executable, "-c", DRIVER, address], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": search_path}, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    beat = tmp_path / "beat"
    try:
        wait_until(beat.exists)
        driver.kill()
        driver.wait()
        wait_until(lambda: time.time() - beat.stat().st_mtime > 2)
    finally:
        driver.kill()
    # The worker itself goes on; it belongs to whoever started it.
    both = (wire("meet_second", "folder", "one"), wire("meet_first", "folder", "two"))
    run(address, tmp_path, *both)
    assert cluster_nodes.begun(tmp_path, "work_for_ever")[0] in {
        *cluster_nodes.begun(tmp_path, "first"), *cluster_nodes.begun(tmp_path, "second"),
    }  # fmt: skip


def wait_until(moment):
    """Wait for what has to come; the limit only keeps a broken test from waiting for ever."""
    end = time.monotonic() + 120
    while not moment():
        assert time.monotonic() < end
        time.sleep(0.05)
