"""The hook that keeps results of different settings apart.

Kedro's ``--only-missing-outputs`` and partial runs only look whether a file exists. This hook
compares what made it: before a run, everything on disk that the run would keep or read must come
from the settings of this run, else the run is refused, naming the setting that differs.
"""

import json
import logging
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline

from klue_pipeline.runs.experiments import folder_name
from klue_pipeline.runs.lineage import (
    COLLECTED_FOLDS,
    Origin,
    OriginStore,
    differing_fields,
    hash_origin,
    plain_name,
    trace_origins,
)
from klue_pipeline.runs.members import (
    require_earlier,
    require_members,
    trace_earlier,
    trace_members,
)
from klue_pipeline.runs.missing_inputs import require_made
from klue_pipeline.runs.origin_sources import (
    LATEST_RESULTS,
    path_in,
    trace_sources,
    unfinished_plan,
)
from klue_pipeline.runs.parameters import Parameters

logger = logging.getLogger(__name__)

_FOLD_DATASETS = ("model", "workspace", "metrics", "validation_scores", "test_scores")
_FOLD_FOLDER = re.compile(r"^fold_(\d+)$")
_SCORES_A_FOLD = re.compile(r"fold_\d+\.(train|compose)")
_SHOWN_FIELDS = 5


class LineageHooks:
    """Refuse to mix results of different settings; let an interrupted run go on."""

    def __init__(self) -> None:
        self._store = OriginStore()
        self._origins: dict[str, Origin] = {}
        self._members: dict[str, Origin] = {}
        self._parameters: Parameters | None = None
        self._catalog: Any = None
        self._unfinished: Path | None = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Remember the checked parameters and where the run's data lives."""
        loader = context.config_loader
        self._parameters = Parameters.model_validate(loader["parameters"])
        data_root = Path(context.project_path) / loader["globals"]["data_root"]
        folder = folder_name(self._parameters.experiment, self._parameters.run.name)
        self._unfinished = unfinished_plan(data_root, folder)

    @hook_impl
    def before_pipeline_run(
        self, run_params: dict[str, Any], pipeline: Pipeline, catalog: Any
    ) -> None:
        """Compare what this run keeps or reads with what its settings would make.

        Raises:
            ValueError: Something on disk was made by other settings; the message names them. Or
                a member of a composite has no scores.
        """
        self._catalog = catalog
        whole = _graph_of(pipeline)
        if self._parameters is None:
            return
        require_members(pipeline, self._parameters, self._path_of, run_params)
        require_earlier(pipeline, self._parameters, self._path_of, run_params)
        if not run_params["only_missing_outputs"]:
            require_made(pipeline, pipelines, self._parameters, self._path_needed, run_params)
        datasets = sorted(whole.inputs())
        self._members = trace_members(datasets, self._path_of)
        self._members |= trace_earlier(datasets, self._path_of)
        sources = trace_sources(self._parameters, catalog) | self._members
        self._origins = trace_origins(whole, self._parameters, sources)
        # Refuse first: a run that is refused leaves everything as it was.
        obsolete = self._obsolete(whole)
        kept = _untouched(whole, pipeline) - (obsolete - _read_by(whole, pipeline))
        own = {name for name in kept if plain_name(name) not in LATEST_RESULTS}
        self._require_same_origin(self._on_disk(own), resuming=False)
        if run_params["only_missing_outputs"]:
            self._make_room_to_resume(pipeline, obsolete)
        else:
            self._remember_unfinished(pipeline)
        if _trains_every_fold(pipelines["__default__"], pipeline):
            self._remove_surplus_folds()

    @hook_impl
    def before_dataset_saved(self, dataset_name: str) -> None:
        """Forget the stored origin, so that a kill while saving leaves no false claim."""
        path = self._path_of(dataset_name)
        if path is not None:
            self._store.remove(path)

    @hook_impl
    def after_dataset_saved(self, dataset_name: str) -> None:
        """Store what made the result that was just saved."""
        path = self._path_of(dataset_name)
        origin = self._origins.get(plain_name(dataset_name))
        if path is not None and origin is not None:
            self._store.write(path, origin)

    @hook_impl
    def after_pipeline_run(self) -> None:
        """Forget that a run was under way."""
        if self._unfinished is not None:
            self._unfinished.unlink(missing_ok=True)

    def _path_of(self, dataset_name: str) -> Path | None:
        return None if self._catalog is None else path_in(self._catalog, dataset_name)

    def _path_needed(self, dataset_name: str) -> Path | None:
        """Return where a dataset lies; None for one that a run can do without."""
        dataset = None if self._catalog is None else self._catalog.get(dataset_name)
        return None if getattr(dataset, "is_optional", False) else self._path_of(dataset_name)

    def _on_disk(self, names: Iterable[str]) -> dict[str, Path]:
        paths = {name: self._path_of(name) for name in sorted(names)}
        return {name: path for name, path in paths.items() if path is not None and path.exists()}

    def _require_same_origin(self, on_disk: dict[str, Path], *, resuming: bool) -> None:
        for name, path in on_disk.items():
            found, wanted = self._store.read(path), self._origins[plain_name(name)]
            if found is None:
                raise ValueError(
                    f"{name} was left by a run that was interrupted while saving it. Run again "
                    "with --only-missing-outputs, which makes it anew, or run the whole pipeline."
                )
            if fields := differing_fields(found, wanted):
                raise ValueError(
                    _refusal(name, fields, resuming=resuming, own_folder=self._is_own(path))
                )

    def _is_own(self, path: Path) -> bool:
        """Tell whether a result lies in the experiment's folder, not in one that all share."""
        parameters = self._parameters
        own = parameters and folder_name(parameters.experiment, parameters.run.name)
        return own in path.parts

    def _remember_unfinished(self, pipeline: Pipeline) -> None:
        plan = self._read_unfinished()
        plan |= {name: hash_origin(self._origins[plain_name(name)]) for name in _outputs(pipeline)}
        if self._unfinished is not None:
            self._unfinished.parent.mkdir(parents=True, exist_ok=True)
            self._unfinished.write_text(json.dumps(plan, indent=1), encoding="utf-8")

    def _read_unfinished(self) -> dict[str, str]:
        if self._unfinished is None or not self._unfinished.is_file():
            return {}
        plan: dict[str, str] = json.loads(self._unfinished.read_text(encoding="utf-8"))
        return plan

    def _obsolete(self, whole: Pipeline) -> set[str]:
        """Return the results on disk whose inputs an earlier run has made anew, differently."""
        obsolete: set[str] = set()
        for node in whole.nodes:  # from the beginning of the graph to its end
            inputs = [
                self._members.get(name) or self._store.read(path)
                for name, path in self._on_disk(node.inputs).items()
            ]
            inherited = not obsolete.isdisjoint(plain_name(name) for name in node.inputs)
            for name, path in self._on_disk(node.outputs).items():
                found = self._store.read(path)
                if found is not None and (inherited or _is_older(found, inputs)):
                    obsolete |= {name, plain_name(name)}
        return obsolete

    def _make_room_to_resume(self, pipeline: Pipeline, obsolete: set[str]) -> None:
        """Remove the outputs that a resumed run has to make anew, for it skips all that exist.

        Raises:
            ValueError: Another output was made by other settings; nothing was removed.
        """
        on_disk = self._on_disk(_outputs(pipeline))
        reasons = {
            name: self._reason_to_renew(name, path, obsolete) for name, path in on_disk.items()
        }
        kept = {name: path for name, path in on_disk.items() if not reasons[name]}
        self._require_same_origin(kept, resuming=True)
        for name in on_disk.keys() - kept.keys():
            logger.info("Making %s anew: %s", name, reasons[name])
            self._make_room(name, on_disk[name])

    def _make_room(self, name: str, path: Path) -> None:
        """Remove a result; what a person wrote into it is not ours to remove."""
        dataset = self._catalog.get(name)
        if expire := getattr(dataset, "expire", None):
            expire()
            self._store.remove(path)
            return
        if set_aside := getattr(dataset, "set_aside", None):
            set_aside()
        self._remove(path)

    def _reason_to_renew(self, name: str, path: Path, obsolete: set[str]) -> str:
        """Say why a resumed run has to make an output anew; nothing if it may keep or refuse it."""
        found, wanted = self._store.read(path), self._origins[plain_name(name)]
        if found is None:
            return "the interrupted run was saving it"
        planned = self._read_unfinished().get(name) == hash_origin(wanted)
        other_folds = {**found, COLLECTED_FOLDS: ""} == {**wanted, COLLECTED_FOLDS: ""}
        reasons = {
            "the interrupted run did not get to it": planned,
            "it is another run's": plain_name(name) in LATEST_RESULTS,
            "an earlier run changed what it was made from": name in obsolete,
            f"it was made from {found.get(COLLECTED_FOLDS)}": other_folds,
        }
        return next((reason for reason, holds in reasons.items() if holds and found != wanted), "")

    def _remove_surplus_folds(self) -> None:
        n_splits = self._parameters.folds.n_splits if self._parameters else 0
        paths = [self._path_of(f"fold_0.{name}") for name in _FOLD_DATASETS]
        for folder in {path.parent for path in paths if path is not None}:
            base = folder.parent if _FOLD_FOLDER.match(folder.name) else folder
            for path in base.glob("fold_*"):
                match = _FOLD_FOLDER.match(path.name)
                if match and int(match[1]) >= n_splits:
                    logger.info("Removing %s: folds.n_splits is %d now", path, n_splits)
                    self._remove(path)

    def _remove(self, path: Path) -> None:
        self._store.remove(path)
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _is_older(found: Origin, inputs: list[Origin | None]) -> bool:
    """Tell whether an input now has a setting that its result does not have."""
    return any(origin and not origin.items() <= found.items() for origin in inputs)


def _graph_of(pipeline: Pipeline) -> Pipeline:
    """Return the graph that a run is a part of: the experiment's, or what leads to other nodes."""
    experiment: Pipeline = pipelines["__default__"]
    if set(pipeline.nodes) <= set(experiment.nodes):
        return experiment
    leading: Pipeline = (experiment + pipeline).to_nodes(*(node.name for node in pipeline.nodes))
    return leading


def _outputs(pipeline: Pipeline) -> set[str]:
    return set(pipeline.all_outputs())


def _untouched(whole: Pipeline, pipeline: Pipeline) -> set[str]:
    """Return what the whole graph makes that neither this run makes nor depends on it."""
    names = [node.name for node in pipeline.nodes if node in whole.nodes]
    touched = _outputs(whole.from_nodes(*names)) if names else set()
    return _outputs(whole) - touched - _outputs(pipeline)


def _read_by(whole: Pipeline, pipeline: Pipeline) -> set[str]:
    """Return what the nodes of a run read, and everything that was made on the way to it."""
    names = [node.name for node in pipeline.nodes if node in whole.nodes]
    return _outputs(whole.to_nodes(*names)) if names else set()


def _trains_every_fold(whole: Pipeline, pipeline: Pipeline) -> bool:
    wanted = {node for node in whole.nodes if _SCORES_A_FOLD.fullmatch(node.name)}
    return wanted <= set(pipeline.nodes)


def _refusal(name: str, fields: list[str], *, resuming: bool, own_folder: bool) -> str:
    shown = "\n".join(f"  {field}" for field in fields[:_SHOWN_FIELDS])
    more = len(fields) - _SHOWN_FIELDS
    rest = f"\n  and {more} more" if more > 0 else ""
    remedy = (
        "Leave out --only-missing-outputs to make everything anew"
        if resuming
        else "Run the stages that make it too (kedro run makes everything anew)"
    )
    way_out = (
        "give this variant its own folder by --params run.name=..., or go back to the former "
        "settings."
        if own_folder
        else "or go back to the former settings. All experiments of a data folder share it, so "
        "run.name does not help; an environment with a data_root of its own does (conf/<name>/"
        "globals.yml)."
    )
    return f"{name} on disk was made with other settings:\n{shown}{rest}\n{remedy}, {way_out}"
