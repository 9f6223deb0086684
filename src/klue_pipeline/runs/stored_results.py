"""What the settings of a run would make, and how much of exactly that is on disk already."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from kedro.pipeline import Pipeline

from klue_pipeline.runs.dataset_facts import facts_of, path_in
from klue_pipeline.runs.dataset_names import folder_name, plain_name
from klue_pipeline.runs.disk.atomic_file import write_text
from klue_pipeline.runs.disk.mirror.fetching import fetch
from klue_pipeline.runs.disk.mirror.sending import send_file
from klue_pipeline.runs.disk.mutex import one_at_a_time
from klue_pipeline.runs.disk.origin_store import FOLDER, Origin, OriginStore
from klue_pipeline.runs.disk.running import Claim
from klue_pipeline.runs.lineage import (
    COLLECTED_FOLDS,
    hash_origin,
    trace_origins,
    trace_sources,
)
from klue_pipeline.runs.members import trace_earlier, trace_members, trace_teachers
from klue_pipeline.runs.parameters import RELATION, Parameters, task_of
from klue_pipeline.runs.tasks import Task

Progress = Literal["finished", "begun", "new"]
"""``begun``: a run with ``--only-missing-outputs`` makes the rest. ``new``: all has to be made."""

_store = OriginStore()


@dataclass(frozen=True)
class StoredResults:
    """One experiment as its settings say it, next to what is on disk.

    Attributes:
        parameters: The checked parameters of the run.
        catalog: Its catalog, which knows every path.
        whole: The whole graph of the experiment.
        origins: What would make each of its outputs now, by plain name.
        inherited: The origins of other experiments' results that it reads, by dataset name.
        data_root: Folder of the environment's data.
        task: Whose experiment it is.
    """

    parameters: Parameters
    catalog: Any
    whole: Pipeline
    origins: dict[str, Origin]
    inherited: dict[str, Origin]
    data_root: Path
    task: Task[Any] = RELATION

    @property
    def experiment(self) -> str:
        """The entry of the lab book."""
        return str(self.task.settings_of(self.parameters).experiment)

    @property
    def n_splits(self) -> int:
        """Folds of the split."""
        return int(self.task.settings_of(self.parameters).folds.n_splits)

    @property
    def folder(self) -> str:
        """The folder of the experiment's own results."""
        return folder_name(self.experiment, self.parameters.run.name)

    @property
    def name(self) -> str:
        """What tells the experiment from those of all tasks."""
        return "-".join(filter(None, [self.task.prefix, self.folder]))

    @property
    def plan_file(self) -> Path:
        """The file in which a run says what it is about to make, until it has made all."""
        return self.data_root / FOLDER / f"unfinished-{self.name}.json"

    @property
    def running_folder(self) -> Path:
        """Where the runs of this data folder say that they are under way."""
        return self.data_root / ".running"

    def path_of(self, name: str) -> Path | None:
        """Return where a dataset lies; None for one that is no file or is not in the catalog."""
        return path_in(self.catalog, name)

    def is_latest(self, name: str) -> bool:
        """Tell whether a result is that of whichever experiment ran last."""
        return facts_of(self.catalog, name).is_latest

    def is_optional(self, name: str) -> bool:
        """Tell whether a run can do without a dataset."""
        return getattr(self.catalog.get(name), "is_optional", False)

    def on_disk(self, names: Iterable[str]) -> dict[str, Path]:
        """Return where those datasets lie that are on disk, in the order of their names."""
        paths = {name: self.path_of(name) for name in sorted(names)}
        return {name: path for name, path in paths.items() if path is not None and path.exists()}

    def wanted(self, name: str) -> Origin:
        """Return what would make a result now."""
        return self.origins[plain_name(name)]

    def is_own(self, path: Path) -> bool:
        """Tell whether a result lies in the experiment's folder, not in one that all share."""
        if not path.is_relative_to(self.data_root):
            return False
        return self.folder in path.relative_to(self.data_root).parts

    def progress(self) -> Progress:
        """Tell how far the experiment is with exactly these settings.

        Only what stands beside results is read, and goals that may have changed. ``begun``
        never holds a result of other settings that a resumed run would refuse to keep.
        """
        outputs = self.whole.all_outputs()
        goals = [name for name in outputs if facts_of(self.catalog, name).goal]
        if not self.planned and all(map(self._is_whole, goals)):
            return "finished"
        there = self.on_disk(name for name in outputs if not self.is_latest(name))
        begun = any(map(self.is_own, there.values()))
        return "begun" if begun and all(map(self._can_go_on, there)) else "new"

    def is_current(self, name: str) -> bool:
        """Tell whether a result is on disk and was made by exactly these settings."""
        path = self.path_of(name)
        stored = _store.read(path) if path is not None and path.exists() else None
        return stored is not None and stored == self.origins.get(plain_name(name))

    def _is_whole(self, goal: str) -> bool:
        path = self.path_of(goal)
        return self.is_current(goal) and path is not None and not _store.find_change(path)

    def _can_go_on(self, name: str) -> bool:
        return bool(self.reason_to_renew(name)) or self.is_current(name)

    def reason_to_renew(self, name: str, obsolete: Iterable[str] = ()) -> str:
        """Say why a resumed run has to make a result anew; nothing if it may keep or refuse it.

        Args:
            name: A result on disk.
            obsolete: Results whose inputs were made anew, differently.
        """
        path, wanted = self.path_of(name), self.wanted(name)
        found = None if path is None else _store.read(path)
        if found is None:
            return "the interrupted run was saving it"
        reasons = {
            "the interrupted run did not get to it": self.planned.get(name) == hash_origin(wanted),
            "it is another run's": self.is_latest(name),
            "an earlier run changed what it was made from": name in obsolete,
            f"it was made from {found.get(COLLECTED_FOLDS)}": _differ_in_folds(found, wanted),
        }
        return next((reason for reason, holds in reasons.items() if holds and found != wanted), "")

    def find_obsolete(self) -> set[str]:
        """Return the results on disk whose inputs an earlier run has made anew, differently."""
        obsolete: set[str] = set()
        for node in self.whole.nodes:  # from the beginning of the graph to its end
            inputs = [
                self.inherited.get(name) or _store.read(path)
                for name, path in self.on_disk(node.inputs).items()
            ]
            inherited = not obsolete.isdisjoint(plain_name(name) for name in node.inputs)
            for name, path in self.on_disk(node.outputs).items():
                found = _store.read(path)
                if found is not None and (inherited or _is_older(found, inputs)):
                    obsolete |= {name, plain_name(name)}
        return obsolete

    @property
    def planned(self) -> dict[str, str]:
        """What runs said that they would make, and have not made; a torn plan counts as none."""
        try:
            plan = json.loads(self.plan_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return plan if isinstance(plan, dict) else {}

    def plan(self, outputs: Iterable[str]) -> None:
        """Write down what a run is about to make, so that it can go on after a kill."""
        news = {name: hash_origin(self.wanted(name)) for name in outputs}
        with self._plan_alone():
            self._write_plan(self.planned | news)

    def fulfil(self, outputs: Iterable[str]) -> None:
        """Strike out what a run has made; runs of other folds may still be under way."""
        known, made = self.whole.all_outputs(), set(outputs)
        with self._plan_alone():
            plan = self.planned
            self._write_plan({name: plan[name] for name in plan.keys() & (known - made)})

    @contextmanager
    def _plan_alone(self) -> Iterator[None]:
        """Take the plan as it is now; in a bucket, another machine may have added to it."""
        with one_at_a_time(self.running_folder):
            fetch(self.plan_file.parent, lambda path: path == self.plan_file)
            yield

    def _write_plan(self, plan: dict[str, str]) -> None:
        if plan:
            write_text(self.plan_file, json.dumps(plan, indent=1))
        else:
            self.plan_file.unlink(missing_ok=True)
        send_file(self.plan_file)


def claim_of(results: StoredResults, pipeline: Pipeline) -> Claim:
    """Return what a run says to others that are under way in the same data folder.

    The latest results are everybody's, and folders of which a run reads what it finds are no one
    run's; both are left out.
    """
    claim = Claim(experiment=results.name, writes={}, reads={}, shared={})
    latest = {plain_name(name) for name in results.whole.datasets() if results.is_latest(name)}
    outputs = pipeline.all_outputs()
    for name in pipeline.datasets():
        path = results.path_of(name)
        gathers = hasattr(results.catalog.get(name), "_list_partitions")
        if path is None or gathers or not path.is_relative_to(results.data_root):
            continue
        place = path.relative_to(results.data_root).as_posix()
        facts = facts_of(results.catalog, name)
        alone = (results.is_own(path) or facts.training) and not facts.joined
        if alone and name in outputs:
            claim.writes[place] = name
        elif alone or plain_name(name) not in results.origins:
            claim.reads[place] = name
        elif plain_name(name) not in latest:
            claim.shared[plain_name(name)] = hash_origin(results.wanted(name))
    return claim


def graph_around(pipeline: Pipeline, pipelines: Mapping[str, Pipeline]) -> Pipeline:
    """Return the graph that a run is a part of: the experiment's, or what leads to other nodes.

    Args:
        pipeline: What the run makes.
        pipelines: Every pipeline by name, the whole jobs of the tasks among them.
    """
    experiment = pipelines[task_of(node.name for node in pipeline.nodes).job or "__default__"]
    if set(pipeline.nodes) <= set(experiment.nodes):
        return experiment
    leading: Pipeline = (experiment + pipeline).to_nodes(*(node.name for node in pipeline.nodes))
    return leading


def read_stored_results(context: Any, whole: Pipeline, catalog: Any = None) -> StoredResults:
    """Work out what a context's settings would make, and where it would lie.

    Args:
        context: A Kedro context whose parameters are resolved.
        whole: The whole graph for these settings.
        catalog: The catalog of a run; None for the context's.
    """
    loader, catalog = context.config_loader, catalog or context.catalog
    parameters = Parameters.model_validate(loader["parameters"])
    names, path_of = sorted(whole.inputs()), partial(path_in, catalog)
    inherited = trace_members(names, path_of) | trace_earlier(names, path_of)
    inherited |= trace_teachers(names, path_of)
    sources = trace_sources(parameters, catalog, names) | inherited
    origins = trace_origins(whole, parameters, sources)
    data_root = Path(context.project_path) / loader["globals"]["data_root"]
    task = task_of(node.name for node in whole.nodes)
    return StoredResults(parameters, catalog, whole, origins, inherited, data_root, task)


def _differ_in_folds(found: Origin, wanted: Origin) -> bool:
    return {**found, COLLECTED_FOLDS: ""} == {**wanted, COLLECTED_FOLDS: ""}


def _is_older(found: Origin, inputs: list[Origin | None]) -> bool:
    """Tell whether an input now has a setting that its result does not have."""
    return any(origin and not origin.items() <= found.items() for origin in inputs)
