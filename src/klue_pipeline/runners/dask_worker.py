"""What happens in a worker: surroundings like those of the command, hooks, then the node."""

import copy
import ctypes
import functools
import os
import pickle
import threading
import traceback
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from kedro.framework import project
from kedro.framework.hooks.manager import (
    _create_hook_manager,
    _register_hooks,
    _register_hooks_entry_points,
)
from kedro.pipeline.node import Node
from kedro.runner.task import Task

from klue_pipeline.runners.dask_log import our_level, telling
from klue_pipeline.runs.process import package_versions

_TRAVELS = ("KLUE_", "MLFLOW_", "KEDRO_")
"""How the names of environment variables begin that hooks set for processes of a run."""
_SECONDS_BETWEEN_LOOKS = 1.0


@runtime_checkable
class TravellingHook(Protocol):
    """A hook that a worker needs something of which only the command knows."""

    def pack_for(self, node: Node) -> Any:
        """Return what the hook has to know where the node runs."""

    def unpack(self, packed: Any) -> None:
        """Take what was packed."""


@dataclass(frozen=True)
class Orders:
    """What a worker has to know of a run to run one of its nodes.

    Attributes:
        catalog: The catalog of the run.
        run_id: Kedro's name of the run.
        is_async: Whether a node loads and saves in threads.
        package: The package of the project; None outside of one.
        folder: The folder of the project.
        versions: Versions that can change a result, by package.
        environment: The variables that hooks have set.
        packed: What hooks of the command give to those of the worker, by the name of their class.
        level: From which level on lines of the log are wanted.
        token: Tells the run's nodes, and what they log, from those of other runs.
    """

    catalog: Any
    run_id: str | None
    is_async: bool
    package: str | None
    folder: str
    versions: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    packed: Mapping[str, Any] = field(default_factory=dict)
    level: int = field(default_factory=our_level)
    token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def of_this_process(cls, catalog: Any, run_id: str | None, *, is_async: bool) -> "Orders":
        """Collect what all nodes of a run that this process drives have in common."""
        package, folder = project.PACKAGE_NAME, str(Path.cwd())
        return cls(catalog, run_id, is_async, package, folder, package_versions())

    def for_node(self, node: Node, hook_manager: Any) -> "Orders":
        """Add what is so at this moment, and what the hooks know of this node."""
        environment = {
            name: value for name, value in os.environ.items() if name.startswith(_TRAVELS)
        }
        packed = {_name(hook): hook.pack_for(node) for hook in _travelling(hook_manager)}
        return replace(self, environment=environment, packed=packed)


@dataclass(frozen=True)
class Report:
    """How a node ended.

    Attributes:
        worker: The address of the worker.
        error: What stopped it; None if it went through.
    """

    worker: str
    error: Exception | None


def run_node(node: Node, orders: Orders) -> Report:
    """Run a node in a worker; an error is told, not raised, as many do not survive the journey."""
    from distributed import get_worker

    worker = get_worker()
    try:
        _require_same_world(worker, orders)
        telling_it = telling(worker, orders.token, orders.level)
        with _surroundings(orders), telling_it, _stopped_when_unwanted(worker):
            _run(node, orders)
    except _UnwantedError:
        return Report(worker.address, RuntimeError(f"{node.name} was taken back"))
    except Exception as error:
        return Report(worker.address, _portable(error))
    return Report(worker.address, None)


def _require_same_world(worker: Any, orders: Orders) -> None:
    """Refuse a worker in which the result could be another one."""
    threads = worker.state.nthreads
    if threads != 1:
        raise ValueError(
            f"The Dask worker {worker.address} runs {threads} nodes in one process, where they "
            "share one source of random numbers; start it with --nthreads 1 (and --nworkers for "
            "more than one)."
        )
    here = package_versions()
    if differing := sorted(dict(here.items() ^ orders.versions.items())):
        told = ", ".join(
            f"{name} {here.get(name)} instead of {orders.versions.get(name)}" for name in differing
        )
        raise ValueError(
            f"The Dask worker {worker.address} has {told}; install the same there, and start it "
            "again."
        )


@contextmanager
def _surroundings(orders: Orders) -> Iterator[None]:
    """Work in the folder and with the variables of the command; a worker may serve several."""
    former = {name: os.environ.get(name) for name in orders.environment}
    os.chdir(orders.folder)
    os.environ.update(orders.environment)
    try:
        yield
    finally:
        for name, value in former.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


def _run(node: Node, orders: Orders) -> None:
    hooks = _hooks_of_run(orders.package, orders.token)
    for hook in _travelling(hooks):
        if _name(hook) in orders.packed:
            hook.unpack(orders.packed[_name(hook)])
    Task(node, orders.catalog, orders.is_async, hook_manager=hooks, run_id=orders.run_id).execute()


@functools.lru_cache(maxsize=1)
def _hooks_of_run(package: str | None, token: str) -> Any:  # noqa: ARG001 (one set for each run)
    """Return the project's hooks as they are before a run: what one remembers ends with its run.

    Kedro's ``Task`` would make them too, but configures its logging anew for each node until that
    contains itself.
    """
    if package is not None and package != project.PACKAGE_NAME:
        project.configure_project(package)
    hooks = _create_hook_manager()
    _register_hooks(hooks, copy.deepcopy(project.settings.HOOKS))
    # Kedro-Viz counts rows for the graph of a whole run, and warns where there is none.
    disabled = (*project.settings.DISABLE_HOOKS_FOR_PLUGINS, "kedro-viz")
    _register_hooks_entry_points(hooks, disabled)
    return hooks


def _travelling(hook_manager: Any) -> Iterator[TravellingHook]:
    plugins = hook_manager.get_plugins() or ()  # where Kedro has no hooks it returns None
    return (plugin for plugin in plugins if isinstance(plugin, TravellingHook))


def _name(hook: TravellingHook) -> str:
    return f"{type(hook).__module__}.{type(hook).__qualname__}"


class _UnwantedError(BaseException):
    """Whoever waited for the node is gone; no handler of errors on the way takes it for one."""


@contextmanager
def _stopped_when_unwanted(worker: Any) -> Iterator[None]:
    """End the block soon after the run is interrupted or its process dies.

    Dask lets such a node run to its end, be it hours of training on a GPU that others wait for.
    """
    key, thread, over = worker.get_current_task(), threading.get_ident(), threading.Event()

    def watch() -> None:
        while not over.wait(_SECONDS_BETWEEN_LOOKS):
            task = worker.state.tasks.get(key)
            if task is None or task.state == "cancelled":
                raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc
                raise_in(ctypes.c_ulong(thread), ctypes.py_object(_UnwantedError))

    threading.Thread(target=watch, daemon=True, name="is the node wanted").start()
    try:
        yield
    finally:
        over.set()


def _portable(error: Exception) -> Exception:
    """Return an error that can be sent, with the place where it was raised as a note."""
    error.add_note("In the worker:\n" + "".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - made a moment ago, here
    except Exception:  # whatever its class needs to be made anew
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
