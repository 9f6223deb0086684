"""Results that are no longer what was saved: cut, copied from elsewhere, or edited by hand.

That a result lies in its place says nothing of what is in it. Before a run, all that it reads or
skips as made is compared with what was noted when it was saved.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kedro.pipeline import Pipeline

from klue_pipeline.runs.dataset_names import entry_of, parse_fold, plain_name
from klue_pipeline.runs.disk.origin_store import OriginStore
from klue_pipeline.runs.remedies import kedro_run
from klue_pipeline.runs.stored_results import StoredResults

_SCORES = "07_model_output"
_store = OriginStore()


@dataclass(frozen=True)
class Commands:
    """What a user types to make a result again.

    Attributes:
        pipelines: Every pipeline by name.
        run_params: What Kedro says about the run, whose environment and settings they keep.
    """

    pipelines: Mapping[str, Pipeline]
    run_params: Mapping[str, Any] = field(default_factory=dict)

    def that_make(self, dataset: str, experiment: Mapping[str, str], *, is_own: bool) -> str:
        """Return the command that makes a dataset of an experiment: one fold alone, or a stage."""
        options: dict[str, str] = {}
        for stage, graph in self.pipelines.items():
            for node in graph.nodes if stage != "__default__" else ():
                if dataset in map(plain_name, node.outputs) and not options:
                    is_of_fold = parse_fold(dataset)
                    options = {"nodes": node.name} if is_of_fold else {"pipelines": stage}
        return kedro_run(self.run_params, experiment, **options, same_experiment=is_own)


def require_unchanged(
    results: StoredResults,
    pipeline: Pipeline,
    skipped: Iterable[str],
    commands: Commands,
) -> None:
    """Refuse a run that reads or keeps a result which is not the one that was saved.

    Args:
        results: The experiment on disk.
        pipeline: What this run makes.
        skipped: Its outputs that a resumed run skips as made.
        commands: What the remedy is made of.

    Raises:
        ValueError: Naming the file, how it differs and what to do.
    """
    skipped = set(skipped)
    written = {results.path_of(name) for name in pipeline.all_outputs() - skipped}
    for name in sorted(pipeline.inputs() | skipped):
        for path in _results_in(results.catalog.get(name)):
            if path in written or not path.exists():  # what has to be there is asked elsewhere
                continue
            if change := _store.find_change(path):
                stored = _store.read_stored(path)
                made = (stored and stored.dataset) or plain_name(name)
                folder = _experiment_of(results, path)
                is_own = results.folder == folder
                again = commands.that_make(made, _named(results, folder), is_own=is_own)
                raise ValueError(
                    f"{path} is not what was saved there: {change}. Copy the right one there "
                    f"again, or make it again with {again}"
                )


def _results_in(dataset: Any) -> Iterator[Path]:
    """Give out the files and folders of a dataset that runs make and people do not edit."""
    if hasattr(dataset, "expire") or hasattr(dataset, "set_aside"):
        return
    if list_partitions := getattr(dataset, "_list_partitions", None):
        yield from map(Path, list_partitions())
        dataset.release()  # it would remember that some are not there yet
    if path := getattr(dataset, "_filepath", None) or getattr(dataset, "_path", None):
        yield Path(path)


def _experiment_of(results: StoredResults, path: Path) -> str:
    """Return the folder of the experiment whose result lies at a path."""
    is_inside = path.is_relative_to(results.data_root)
    parts = path.relative_to(results.data_root).parts if is_inside else ()
    place = 1 + bool(results.task.prefix)  # below the layer, and the folder of another task
    above = results.data_root / _SCORES / results.task.prefix
    if len(parts) > place + 1 and (above / parts[place]).is_dir():
        return parts[place]
    return results.folder


def _named(results: StoredResults, folder: str) -> dict[str, str]:
    """Return the settings that name the experiment of a folder."""
    entry = entry_of(folder)
    variant = folder.removeprefix(entry).removeprefix("--")
    named = {results.task.path("experiment"): entry}
    return {**named, "run.name": variant} if variant else named
