"""Clusters that nodes run on: one that is there already, or workers of this machine."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

logger = logging.getLogger(__name__)

GPU = "GPU"
"""The Dask resource that a worker with a GPU offers, one each."""
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
_CONNECT_SECONDS = "30s"
_DEATHS_FORGIVEN = 1
"""So often the death of a worker is laid to chance; the next one to the node that it ran."""
_LOCAL_SETTINGS = {
    "distributed.scheduler.allowed-failures": _DEATHS_FORGIVEN,
    # A worker here is a child of this process: that it died is known at once, and one that is busy
    # in a library for minutes, without a sign of life, is not dead.
    "distributed.scheduler.worker-ttl": None,
    # Samples of what a worker is busy with, a hundred times a second.
    "distributed.worker.profile.enabled": False,
    # Dask lets a worker give memory back at every turn, and a training's tensors are then mapped
    # anew each time, which halves its speed on a CPU. These are the ends that glibc goes to by
    # itself in a process that nobody tells.
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": 2**29,
    "distributed.nanny.pre-spawn-environ.MALLOC_MMAP_THRESHOLD_": 2**25,
    # Its own lines, from the moment a worker starts.
    "distributed.nanny.pre-spawn-environ.DASK_LOGGING__DISTRIBUTED": "critical",
}


def require_dask() -> None:
    """Want Dask to be installed.

    Raises:
        ValueError: It is not.
    """
    if find_spec("distributed") is None:
        raise ValueError(
            "Dask is not installed; install it with pip install 'klue_pipeline[dask]', in a clone "
            "of the repository with .venv/bin/pip install -e '.[dask]'."
        )


def configured_address() -> str | None:
    """Return the scheduler that Dask's settings name, which include ``DASK_SCHEDULER_ADDRESS``."""
    import dask

    address: str | None = dask.config.get("scheduler-address", None)
    return address


@contextmanager
def open_cluster(address: str | None, workers: int | None) -> Iterator[Any]:
    """Connect to a cluster; one that is started for it ends with the block.

    Args:
        address: Its scheduler; None starts workers on this machine.
        workers: How many to start; None for one per GPU, or per core where there is none.

    Yields:
        A ``distributed.Client``.

    Raises:
        OSError: Nobody answers at the address.
        RuntimeError: The cluster has no workers.
    """
    if address is not None:
        with _connect(address) as client:
            yield client
        return
    with local_cluster(workers) as own, _connect(own) as client:
        yield client


@contextmanager
def local_cluster(workers: int | None) -> Iterator[str]:
    """Start workers of one thread on this machine; they end with the block, or with this process.

    Yields:
        The address of their scheduler, which listens on this machine only.
    """
    import dask
    from distributed import Nanny, Scheduler, SpecCluster

    quieten_dask()
    options = worker_options(workers)
    here = {"host": "127.0.0.1", "protocol": "tcp://", "dashboard_address": None}
    with dask.config.set(_LOCAL_SETTINGS), _own_environment(), SpecCluster(
        scheduler={"cls": Scheduler, "options": {**here, "port": 0}},
        workers={number: {"cls": Nanny, "options": each} for number, each in enumerate(options)},
        name="klue_pipeline",
    ) as cluster:  # fmt: skip
        with_gpu = sum(GPU in each["resources"] for each in options)
        logger.info("%d Dask workers on this machine, %d with a GPU", len(options), with_gpu)
        yield str(cluster.scheduler_address)


@contextmanager
def _own_environment() -> Iterator[None]:
    """Take back what Dask sets for its workers, as ``OMP_NUM_THREADS``, in this process."""
    import dask

    former = dict(os.environ)
    try:
        yield
    finally:
        set_by_dask = dask.config.get("distributed.nanny.pre-spawn-environ")
        for name in (*set_by_dask, "PYTHONHASHSEED"):
            os.environ.pop(name, None)
            if name in former:
                os.environ[name] = former[name]


def worker_options(workers: int | None) -> list[dict[str, Any]]:
    """Return what each worker of this machine is started with.

    The first ones get a GPU of their own each; those beyond the number of GPUs see none.
    """
    gpus = visible_gpus()
    count = workers or len(gpus) or _cores()
    shared = {
        "nthreads": 1,
        "host": "127.0.0.1",
        "memory_limit": 0,  # Dask would end a worker for memory that it does not know the use of
        "preload": ["klue_pipeline.runners.dask_preload"],
    }
    with_gpu: list[dict[str, Any]] = [
        {"env": {"CUDA_VISIBLE_DEVICES": gpu}, "resources": {GPU: 1}} for gpu in gpus
    ]
    without: dict[str, Any] = {"env": {"CUDA_VISIBLE_DEVICES": ""} if gpus else {}, "resources": {}}
    each = [*with_gpu[:count], *[without] * (count - len(with_gpu))]
    return [{**shared, **own} for own in each]


def visible_gpus() -> list[str]:
    """Return the names by which ``CUDA_VISIBLE_DEVICES`` gives each GPU to one process."""
    import torch

    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count()
    names = map(str, range(count)) if named is None else named.split(",")
    return [name.strip() for name in names][:count]


def quieten_dask() -> None:
    """Keep to our own lines: Dask's tell of connections, and of workers that end as they should."""
    import distributed

    for name in (distributed.__name__, "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def _cores() -> int:
    from dask.system import CPU_COUNT

    return int(CPU_COUNT)


@contextmanager
def _connect(address: str) -> Iterator[Any]:
    from distributed import Client

    quieten_dask()
    try:
        client = Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise OSError(
            f"No Dask scheduler answers at {address} ({error}); start one with dask scheduler, "
            f"correct the address, or leave it out ({ADDRESS_VARIABLE} counts too) for workers on "
            "this machine."
        ) from error
    with client:
        if not client.nthreads():
            logger.warning(
                "The cluster at %s has no worker yet; nodes wait for one (dask worker %s "
                "--nthreads 1).", address, address,
            )  # fmt: skip
        yield client
