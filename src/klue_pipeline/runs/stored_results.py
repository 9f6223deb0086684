"""What the settings of a run would make, and how much of exactly that is on disk already."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from kedro.pipeline import Pipeline

from klue_pipeline.runs.experiments import folder_name
from klue_pipeline.runs.lineage import (
    COLLECTED_FOLDS,
    Origin,
    OriginStore,
    hash_origin,
    plain_name,
    trace_origins,
)
from klue_pipeline.runs.members import trace_earlier, trace_members
from klue_pipeline.runs.origin_sources import (
    LATEST_RESULTS,
    path_in,
    trace_sources,
    unfinished_plan,
)
from klue_pipeline.runs.parameters import Parameters

RESULTS = frozenset({"out_of_fold@one", "test_scores@one", "experiment_metrics"})
"""What an experiment is run for; with these it is finished, whatever else was removed since."""

Progress = Literal["finished", "begun", "new"]
"""``begun``: a run with ``--only-missing-outputs`` makes the rest. ``new``: all has to be made."""


@dataclass(frozen=True)
class StoredResults:
    """One experiment as its settings say it, next to what is on disk.

    Attributes:
        parameters: The checked parameters of the run.
        catalog: Its catalog, which knows every path.
        outputs: Names of all that its whole graph makes.
        origins: What would make each of them now, by plain name.
        data_root: Folder of the environment's data.
    """

    parameters: Parameters
    catalog: Any
    outputs: frozenset[str]
    origins: dict[str, Origin]
    data_root: Path

    @property
    def folder(self) -> str:
        """The folder of the experiment's own results."""
        return folder_name(self.parameters.experiment, self.parameters.run.name)

    def path_of(self, name: str) -> Path | None:
        """Return where a dataset lies; None for one that is no file or is not in the catalog."""
        return path_in(self.catalog, name)

    def progress(self) -> Progress:
        """Tell how far the experiment is with exactly these settings.

        Only stored origins are read, no results. ``begun`` never holds a result of other settings
        that the lineage hook would refuse to keep.
        """
        if not self._unfinished.is_file() and all(map(self.is_current, RESULTS & self.outputs)):
            return "finished"
        on_disk = [name for name in self.outputs - LATEST_RESULTS if self._is_on_disk(name)]
        begun = any(self._is_own(name) for name in on_disk)
        return "begun" if begun and self._can_go_on(on_disk) else "new"

    def is_current(self, name: str) -> bool:
        """Tell whether a result is on disk and was made by exactly these settings."""
        path = self.path_of(name)
        stored = OriginStore().read(path) if path is not None and path.exists() else None
        return stored is not None and stored == self.origins.get(plain_name(name))

    @property
    def _unfinished(self) -> Path:
        return unfinished_plan(self.data_root, self.folder)

    def _is_on_disk(self, name: str) -> bool:
        path = self.path_of(name)
        return path is not None and path.exists()

    def _is_own(self, name: str) -> bool:
        path = self.path_of(name)
        if path is None or not path.is_relative_to(self.data_root):
            return False
        return self.folder in path.relative_to(self.data_root).parts

    def _can_go_on(self, names: Iterable[str]) -> bool:
        planned: dict[str, str] = {}
        if self._unfinished.is_file():
            planned = json.loads(self._unfinished.read_text(encoding="utf-8"))
        return all(self._fits(name, planned.get(name)) for name in names)

    def _fits(self, name: str, planned: str | None) -> bool:
        """Tell whether a resumed run would keep a result or make it anew, rather than refuse it."""
        path, wanted = self.path_of(name), self.origins[plain_name(name)]
        found = None if path is None else OriginStore().read(path)
        if found is None or planned == hash_origin(wanted):
            return True
        return {**found, COLLECTED_FOLDS: ""} == {**wanted, COLLECTED_FOLDS: ""}


def read_stored_results(context: Any, whole: Pipeline) -> StoredResults:
    """Work out what a context's settings would make, and where it would lie.

    Args:
        context: A Kedro context whose parameters are resolved.
        whole: The whole graph for these settings.
    """
    loader, catalog = context.config_loader, context.catalog
    parameters = Parameters.model_validate(loader["parameters"])
    datasets = sorted(whole.inputs())
    read = [trace(datasets, partial(path_in, catalog)) for trace in (trace_members, trace_earlier)]
    sources = trace_sources(parameters, catalog) | read[0] | read[1]
    return StoredResults(
        parameters=parameters,
        catalog=catalog,
        outputs=frozenset(whole.all_outputs()),
        origins=trace_origins(whole, parameters, sources),
        data_root=Path(context.project_path) / loader["globals"]["data_root"],
    )
