"""What a run or a command needs of results in a bucket, fetched before it looks at any.

Where ``data_root`` is a local folder, nothing happens. Models are large: they are fetched for a run
that reads or skips them, and not to compare experiments.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline
from kedro.pipeline.node import Node

from klue_pipeline.runs.dataset_facts import path_in
from klue_pipeline.runs.disk.mirror.address import address_of, stays_local
from klue_pipeline.runs.disk.mirror.fetching import fetch
from klue_pipeline.runs.disk.mirror.sending import send
from klue_pipeline.runs.parameters import Parameters, task_of

_MODELS = "06_models"


@dataclass
class Wanted:
    """Which results to fetch.

    Attributes:
        paths: Files and folders.
        partitions: Folders of which files with an ending are read, or that are one result.
    """

    paths: set[Path] = field(default_factory=set)
    partitions: set[tuple[Path, str]] = field(default_factory=set)

    def holds(self, path: Path) -> bool:
        """Tell whether a result is one of those."""
        if path in self.paths or not self.paths.isdisjoint(path.parents):
            return True
        return any(
            path == folder or (folder in path.parents and path.as_posix().endswith(ending))
            for folder, ending in self.partitions
        )


def fetch_for_run(
    context: Any, pipeline: Pipeline, graph: Pipeline, catalog: Any, *, resumed: bool
) -> None:
    """Fetch what a run reads, skips as made or compares its settings with.

    What was made here and never arrived in the bucket, because a process was killed or the network
    was gone, is sent.

    Args:
        context: A Kedro context whose parameters are resolved.
        pipeline: What the run makes.
        graph: What it is a part of.
        catalog: The catalog of the run.
        resumed: Whether it skips what is there (``--only-missing-outputs``).

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    needed = pipeline.datasets() if resumed else pipeline.inputs()
    compared = graph.datasets() | pipeline.datasets() | {_record_of(pipeline)}
    _fetch(context, catalog, needed, compared)


def fetch_for_comparison(context: Any, graph: Pipeline, catalog: Any) -> None:
    """Fetch what tells how far an experiment is, and its scores.

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    _fetch(context, catalog, (), graph.datasets() | {_record_of(graph)})


def fetch_datasets(catalog: Any, names: Iterable[str]) -> None:
    """Fetch some datasets alone.

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    fetch_wanted(_wanted_of(catalog, names, _is_in_bucket))


def inputs_of(node: Node, context: Any, catalog: Any) -> Wanted:
    """Return what a worker on another machine has to fetch before it runs a node."""
    wanted = _wanted_of(catalog, node.inputs, _is_in_bucket)
    wanted.paths |= set(filter(_is_in_bucket, _encoders(context)))
    return wanted


def fetch_wanted(wanted: Wanted) -> None:
    """Fetch what is not here, or here as it was.

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    folders = [*(path.parent for path in wanted.paths), *(path for path, _ in wanted.partitions)]
    if folders:
        fetch(Path(os.path.commonpath(folders)), wanted.holds)


def send_dataset(catalog: Any, name: str) -> None:
    """Send a dataset that was just saved, with what made it; scratch and caches stay here.

    Raises:
        RemoteError: The bucket could not be reached, or refused.
    """
    path = path_in(catalog, name)
    if path is not None and not stays_local(path):
        send(path)


def data_folder(context: Any) -> Path:
    """Return the local folder of an environment's data."""
    return Path(context.project_path) / str(context.config_loader["globals"]["data_root"])


def _fetch(context: Any, catalog: Any, needed: Iterable[str], compared: Iterable[str]) -> None:
    root = data_folder(context)
    if address_of(root) is None:
        return
    needs, others = (_wanted_of(catalog, names, _is_below(root)) for names in (needed, compared))
    light = {path for path in others.paths if (root / _MODELS) not in path.parents}
    paths = needs.paths | light | _encoders(context)
    for path in fetch(root, Wanted(paths, needs.partitions | others.partitions).holds):
        send(path)


def _is_in_bucket(path: Path) -> bool:
    return address_of(path) is not None


def _is_below(root: Path) -> Callable[[Path], bool]:
    return lambda path: path.is_relative_to(root)


def _wanted_of(catalog: Any, names: Iterable[str], is_there: Callable[[Path], bool]) -> Wanted:
    wanted = Wanted()
    for name in names:
        path = path_in(catalog, name)
        if path is None or not is_there(path) or stays_local(path):
            continue
        ending = getattr(catalog.get(name), "_filename_suffix", None)
        wanted.paths |= {path} if ending is None else set()
        wanted.partitions |= {(path, ending)} if ending is not None else set()
    return wanted


def _encoders(context: Any) -> set[Path]:
    """Return the folders that settings name: what is in them is a part of what makes a result."""
    settings: Mapping[str, Any] = context.config_loader["parameters"]
    parameters = Parameters.model_validate(settings)
    odqa = parameters.odqa
    names = [parameters.encoder.name, odqa.encoder.name, *odqa.model_folders.values()]
    return {Path(context.project_path) / name for name in [*names, *parameters.augment.models]}


def _record_of(pipeline: Pipeline) -> str:
    return str(task_of(node.name for node in pipeline.nodes).record)
