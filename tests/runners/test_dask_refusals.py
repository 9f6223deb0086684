"""What is refused before a node runs on a cluster, and how workers of this machine are started."""

from types import SimpleNamespace

import pytest
from kedro.io import DataCatalog, MemoryDataset
from kedro.pipeline import Pipeline, node

from klue_pipeline.runners import DaskRunner, dask_cluster
from klue_pipeline.runners.dask_cluster import (
    open_cluster,
    visible_gpus,
    worker_options,
)
from klue_pipeline.runners.dask_worker import Orders, _require_same_world
from klue_pipeline.runs.process import package_versions


def test_what_would_stay_in_a_workers_memory_is_named():
    nodes = [node(sorted, "rows", "sorted_rows", name="one"), node(len, "sorted_rows", "n_rows")]
    catalog = DataCatalog(datasets={"rows": MemoryDataset([2, 1])})
    with pytest.raises(ValueError, match="DaskRunner cannot run this: sorted_rows would stay"):
        DaskRunner(workers=2).run(Pipeline(nodes), catalog)


def test_without_dask_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(dask_cluster, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match=r"pip install 'klue_pipeline\[dask\]'"):
        DaskRunner()


def test_workers_are_not_started_beside_a_cluster(monkeypatch):
    with pytest.raises(ValueError, match="the cluster at tcp://node1:8786 has its own"):
        DaskRunner(address="tcp://node1:8786", workers=2)


def test_nobody_at_the_address(monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECT_SECONDS", "1s")
    with (
        pytest.raises(OSError, match="No Dask scheduler answers at tcp"),
        open_cluster("tcp://127.0.0.1:9", None),
    ):
        pass


WORKER = SimpleNamespace(address="tcp://node1:4000", state=SimpleNamespace(nthreads=1))
THREADED = SimpleNamespace(address="tcp://node1:4000", state=SimpleNamespace(nthreads=8))
OLDER = {**package_versions(), "torch": "1.0"}


@pytest.mark.parametrize(
    ("worker", "versions", "message"),
    [
        (THREADED, package_versions(), "runs 8 nodes in one process.*--nthreads 1"),
        (WORKER, OLDER, "has torch .* instead of 1.0; install the same there"),
    ],
)
def test_a_worker_with_other_results_is_refused(worker, versions, message):
    orders = Orders(DataCatalog(), None, False, None, ".", versions)
    with pytest.raises(ValueError, match=message):
        _require_same_world(worker, orders)


@pytest.mark.parametrize(
    ("gpus", "workers", "seen"),
    [
        (["2", "3"], None, [("2", 1), ("3", 1)]),
        (["2", "3"], 1, [("2", 1)]),
        (["2"], 2, [("2", 1), ("", 0)]),
        ([], 2, [(None, 0), (None, 0)]),
    ],
)
def test_each_gpu_belongs_to_one_worker(monkeypatch, gpus, workers, seen):
    monkeypatch.setattr(dask_cluster, "visible_gpus", lambda: gpus)
    found = worker_options(workers)
    assert [
        (options["env"].get("CUDA_VISIBLE_DEVICES"), options["resources"].get("GPU", 0))
        for options in found
    ] == seen
    assert {options["nthreads"] for options in found} == {1}


@pytest.mark.parametrize(
    ("variable", "count", "names"),
    [(None, 2, ["0", "1"]), ("3, GPU-5f", 2, ["3", "GPU-5f"]), ("", 0, []), (None, 0, [])],
)
def test_the_gpus_are_those_that_the_command_sees(monkeypatch, variable, count, names):
    monkeypatch.setattr("torch.cuda.device_count", lambda: count)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if variable is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", variable)
    assert visible_gpus() == names
