"""``kedro tune``: make what a search reads where it is missing, search, and write the entry."""

import json
import shlex
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline

from klue_pipeline.commands.child_run import ChildRuns, Ended, run_kedro
from klue_pipeline.commands.options import read_settings
from klue_pipeline.commands.project import open_context
from klue_pipeline.runners.dask_cluster import visible_gpus
from klue_pipeline.runs.configuration import project_path
from klue_pipeline.runs.dataset_facts import path_in
from klue_pipeline.runs.dataset_names import plain_name
from klue_pipeline.runs.parameters import ODQA, RELATION
from klue_pipeline.runs.stored_results import graph_around, read_stored_results
from klue_pipeline.runs.tasks import Task
from klue_pipeline.runs.tuning.lab_book_entry import insert_tables
from klue_pipeline.text.folder_names import find_entry_fault
from klue_pipeline.training.tuning.report import gains_nothing

_LOCAL = "local"
"""Kedro's own environment where none is named; git does not see it."""


@dataclass(frozen=True)
class TuneRequest:
    """What ``kedro tune`` was asked for.

    Attributes:
        env: The environment, or None for Kedro's own choice.
        settings: ``name=value`` texts, the search's own among them.
        part: ``reader`` or ``retriever`` of open-domain QA; None for relation extraction.
        entry: Name of the entry that is written into the lab book, if any.
        workers: Processes that search at once.
    """

    env: str | None
    settings: tuple[str, ...]
    part: str | None = None
    entry: str | None = None
    workers: int = 1

    @property
    def task(self) -> Task[Any]:
        """Whose settings are searched."""
        return RELATION if self.part is None else ODQA

    @property
    def stage(self) -> str:
        """The pipeline that searches."""
        return "tune" if self.part is None else "odqa_tune"

    def arguments_of(self, stages: str) -> list[str]:
        """Return the arguments of ``kedro run`` for some stages."""
        options = ["--env", self.env] if self.env else []
        settings = ["--params", ",".join(self.settings)] if self.settings else []
        return [*options, "--pipelines", stages, *settings]

    def dataset(self, name: str) -> str:
        """Return the whole name of one of the search's datasets."""
        return self.task.path(name if self.part is None else f"{name}_{self.part}")


def search(request: TuneRequest) -> int:
    """Search for settings; the same call goes on where one before was ended.

    Returns:
        The exit code: 0, or 1 if a run failed.

    Raises:
        ValueError: A setting is wrong; nothing was run.
    """
    if request.entry and (fault := find_entry_fault(request.entry)):
        raise ValueError(f"--write-entry: {fault}")
    missing = _stages_to_make(request)
    try:
        failed = bool(missing) and _failed(_say_and_run(request.arguments_of(missing)))
        failed = failed or _search(request)
    except KeyboardInterrupt:
        click.echo("=== interrupted; the same command goes on from here")
        return 1
    if failed:
        return 1  # the run has said why
    return _write_entry(request) if request.entry else 0


def _failed(ended: Ended) -> bool:
    return ended.error is not None


def _say_and_run(arguments: list[str]) -> Ended:
    click.echo(f"=== {shlex.join(['kedro', 'run', *arguments])}")
    return run_kedro(arguments)


def _search(request: TuneRequest) -> bool:
    """Let one process search, or several that join one study; tell whether it failed.

    What several leave to do, such as the repeats of the best trials, one does at the end.
    """
    arguments = request.arguments_of(request.stage)
    if request.workers > 1:
        _search_together(request, arguments)
    return _failed(_say_and_run(arguments))


def _search_together(request: TuneRequest, arguments: list[str]) -> None:
    logs = _folder_of_reports(request)
    children, gpus = ChildRuns({}), visible_gpus()
    click.echo(f"=== {request.workers} processes search; their logs are {logs}/worker_<n>.log")

    def run(worker: int) -> Ended:
        own = {"CUDA_VISIBLE_DEVICES": gpus[worker % len(gpus)]} if gpus else {}
        return children.run(arguments, logs / f"worker_{worker}.log", own)

    with ThreadPoolExecutor(request.workers) as pool:
        try:
            for worker, ended in enumerate(pool.map(run, range(request.workers))):
                click.echo(f"=== worker {worker}: {ended.error or 'its trials are over'}")
        except KeyboardInterrupt:
            children.terminate()
            raise


def _folder_of_reports(request: TuneRequest) -> Path:
    catalog = open_context(request.env, request.settings).catalog
    path = path_in(catalog, request.dataset("tune_report"))
    if path is None:
        raise ValueError("The catalog has no file for tune_report; the logs go beside it.")
    return project_path() / path.parent


def _stages_to_make(request: TuneRequest) -> str:
    """Return the stages before the search whose results are missing, or are of other settings."""
    context = open_context(request.env, request.settings)
    tuning = pipelines[request.stage]
    results = read_stored_results(context, graph_around(tuning, pipelines))
    missing = {
        plain_name(name) for name in tuning.inputs()
        if plain_name(name) in results.origins and not results.is_current(name)
    }  # fmt: skip
    if not missing:
        return ""
    whole = pipelines[request.task.job or "__default__"]
    needed = set(whole.to_outputs(*_named_in(whole, missing)).nodes)
    stages = [name for name in pipelines if _is_stage(name) and needed & set(pipelines[name].nodes)]
    return ",".join(stages)


def _named_in(pipeline: Pipeline, plain: set[str]) -> list[str]:
    return [name for name in pipeline.all_outputs() if plain_name(name) in plain]


def _is_stage(name: str) -> bool:
    """Tell stages from the runs that are sums of them."""
    return name != "__default__" and name not in {"odqa", "odqa_retrieval"}


def _write_entry(request: TuneRequest) -> int:
    catalog = open_context(request.env, request.settings).catalog
    report = catalog.load(request.dataset("tune_report"))
    if report["verdict"] is None and report["trials"].get("running"):
        click.echo("No entry is written: trials still run elsewhere; call again when they ended.")
        return 0
    if gains_nothing(report):
        click.echo("No entry is written: nothing that was found is better than the experiment.")
        return 0
    text = catalog.load(request.dataset("tuned_entry"))
    file = project_path() / "conf" / (request.env or _LOCAL) / f"{request.task.lab_book}"
    insert_tables(file, text, str(request.entry))
    named = request.task.path(f"experiment={request.entry}")
    option = f"--env {request.env} " if request.env else ""
    job = f"--pipelines {request.task.job} " if request.task.job else ""
    click.echo(f"Written to {_shown(file)}. Next: kedro run {option}{job}--params {named}")
    return 0


def _shown(file: Path) -> Path:
    return file.relative_to(project_path())


def tune_settings(
    params: Sequence[str],
    *,
    part: str | None,
    experiment: str | None,
    **searched: object,
) -> tuple[str, ...]:
    """Return the settings of a search as ``name=value`` texts, options after ``--params``.

    >>> tune_settings(["training.epochs=2"], part=None, experiment="rbert_focal", trials=40)
    ('training.epochs=2', 'experiment=rbert_focal', 'tune.trials=40')

    Raises:
        UsageError: An option and ``--params`` say the same setting.
    """
    prefix = "" if part is None else "odqa."
    own: dict[str, object] = {f"{prefix}experiment": experiment, f"{prefix}tune.part": part}
    own |= {f"{prefix}tune.{name}": value for name, value in searched.items()}
    texts = [f"{name}={_written(value)}" for name, value in own.items() if value is not None]
    try:
        read_settings([*params, *texts])
    except ValueError as error:
        raise click.UsageError(f"--params: {error}") from None
    return (*params, *texts)


def _written(value: object) -> str:
    text = str(value)
    return json.dumps(text) if "," in text else text
