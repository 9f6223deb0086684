"""``kedro experiments``: run several experiments, go on after failures, show how they rank."""

import shlex
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import click
from kedro.framework.project import pipelines

from klue_pipeline.commands.child_run import Ended, run_kedro
from klue_pipeline.commands.errors import EXPECTED_ERRORS
from klue_pipeline.commands.jobs import Job, Request, plan_jobs, require_known
from klue_pipeline.commands.outcomes import NO_BOARD, Board, JobOutcome, look_up, read_board
from klue_pipeline.commands.project import (
    adapted_encoder_is_missing,
    escapes_formulas,
    leaderboard_path,
    open_experiment,
    read_lab_book,
)
from klue_pipeline.commands.side_by_side import OF_ALL, SHARED, Plan, SideBySide, shared_cluster
from klue_pipeline.commands.table import format_table, save_table
from klue_pipeline.pipeline_registry import RUNS
from klue_pipeline.runs.stored_results import Progress, StoredResults
from klue_pipeline.runs.topology import Kind, kind_of

_HOW_IT_STARTS: dict[Progress, str] = {
    "begun": "going on from what is on disk",
    "new": "running",
}
_LINE_CHARACTERS = 110
_ADAPT = ("--pipelines", "ingest,clean,adapt")
_RESUME = ("--only-missing-outputs",)
_RANK = ("--pipelines", "leaderboard")
_TRACKED = "mlflow.enabled"
_OWN_SUBMISSION = "experiment_submission"


def run_experiments(
    names: Sequence[str],
    *,
    every: bool,
    env: str | None,
    settings: Sequence[str],
    workers: int | None = None,
) -> int:
    """Run experiments that are not finished, and print and save the table of all of them.

    Without a name there is nothing to run; what could be run is listed.

    Args:
        names: Entries of the lab book.
        every: Take all entries, after those that are named.
        env: The environment.
        settings: ``name=value`` texts for each of the runs.
        workers: How many run at once, on a cluster; None for one after the other.

    Returns:
        The exit code: 0, or 1 if a run failed or all were interrupted.

    Raises:
        UsageError: A name is unknown; nothing was run.
    """
    request = Request(env, tuple(settings))
    entries = read_lab_book(request)
    chosen = [*names, *(entries if every else ())]
    if not chosen:
        click.echo(_list_experiments(entries))
        return 0
    require_known(chosen, entries)
    jobs = plan_jobs(chosen, entries, request.run_name)
    outcomes = _refuse_wrong_settings(request, jobs)
    if workers is None:
        interrupted = _run_all(request, jobs, outcomes)
    else:
        interrupted = _run_at_once(request, jobs, outcomes, workers)
    reached = [outcomes[job.folder] for job in jobs if job.folder in outcomes]
    error = _show_table(request, reached, may_rank=not interrupted, ranked=workers is None)
    return int(interrupted or error or any(outcome.failed for outcome in reached))


def _list_experiments(entries: Mapping[str, Mapping[str, Any]]) -> str:
    lines = ["Experiments, each with why it is run. Name those to run, or give --all."]
    for name, entry in entries.items():
        line = f"{name}: {entry.get('why')}"
        lines.append("  " + textwrap.shorten(line, _LINE_CHARACTERS, placeholder=" …"))
    return "\n".join(lines)


def _refuse_wrong_settings(request: Request, jobs: Sequence[Job]) -> dict[str, JobOutcome]:
    """Check all settings before the first run, so that hours later nobody is surprised."""
    refused = {}
    for job in jobs:
        try:
            open_experiment(request, job)
        except EXPECTED_ERRORS as error:
            refused[job.folder] = JobOutcome(job, "failed", error=str(error))
            click.echo(f"{job.folder} cannot run: {error}", err=True)
    return refused


def _run_all(request: Request, jobs: Sequence[Job], outcomes: dict[str, JobOutcome]) -> bool:
    """Run every experiment that can; tell whether Ctrl-C ended it before the last."""
    for number, job in enumerate(jobs, start=1):
        if job.folder in outcomes:
            continue
        click.echo(f"\n=== {number} of {len(jobs)}: {job.folder}")
        try:
            outcome = _run_one(request, job, outcomes)
        except KeyboardInterrupt:
            outcomes[job.folder] = JobOutcome(job, "interrupted")
            click.echo(f"=== {job.folder}: interrupted; the same command goes on from here")
            return True
        outcomes[job.folder] = outcome
        click.echo(f"=== {job.folder}: {outcome.describe()}")
    return False


def _run_one(request: Request, job: Job, outcomes: Mapping[str, JobOutcome]) -> JobOutcome:
    for member in job.members:
        if member in outcomes and outcomes[member].failed:
            return JobOutcome(job, "failed", error=f"its member {member} failed")
    try:
        return _run_unless_finished(request, job)
    except EXPECTED_ERRORS as error:
        return JobOutcome(job, "failed", error=str(error))


def _run_unless_finished(request: Request, job: Job) -> JobOutcome:
    plan = _prepare(request, job)
    if isinstance(plan, JobOutcome):
        return plan
    progress: Progress = "begun" if plan.options else "new"
    ended = _say_and_run(_HOW_IT_STARTS[progress], request, job, plan.options)
    return JobOutcome.of_run(job, ended)


def _prepare(request: Request, job: Job) -> Plan | JobOutcome:
    """Say what is left to do for an experiment, once the adapted encoder is there if it needs it.

    Returns:
        How it ended, where there is nothing left to do or it cannot be done.
    """
    results = open_experiment(request, job)
    if adapted_encoder_is_missing(results):
        adapted = _say_and_run("making the adapted encoder first", request, job, _ADAPT)
        if adapted.error is not None:
            return JobOutcome(job, "failed", adapted.seconds, f"adapt: {adapted.error}")
        results = open_experiment(request, job)
    progress = results.progress()
    if progress == "finished":
        return JobOutcome(job, "finished before")
    return Plan(job, _kind_of(results), _RESUME if progress == "begun" else ())


def _kind_of(results: StoredResults) -> Kind:
    return kind_of(results.parameters.kind, results.parameters.target.name)


def _run_at_once(
    request: Request, jobs: Sequence[Job], outcomes: dict[str, JobOutcome], workers: int
) -> bool:
    """Run experiments side by side; tell whether Ctrl-C ended it before the last."""
    try:
        if error := _make_shared(request, [job for job in jobs if job.folder not in outcomes]):
            missing = [job for job in jobs if job.folder not in outcomes]
            outcomes.update({job.folder: JobOutcome(job, "failed", error=error) for job in missing})
            return False
        with shared_cluster(workers) as children:
            prepare, logs = partial(_try_to_prepare, request), leaderboard_path(request).parent
            if SideBySide(request, children, workers, prepare, logs).run(jobs, outcomes):
                return True
        _join_all(request, jobs, outcomes)
    except KeyboardInterrupt:
        return True
    return False


def _try_to_prepare(request: Request, job: Job) -> Plan | JobOutcome:
    try:
        return _prepare(request, job)
    except EXPECTED_ERRORS as error:
        return JobOutcome(job, "failed", error=str(error))


def _make_shared(request: Request, jobs: Sequence[Job]) -> str:
    """Make what all experiments share, unless it is there; return what stopped that."""
    for job in jobs[:1]:
        results = open_experiment(request, job)
        made = [name for stage in SHARED for name in pipelines[stage].all_outputs()]
        if not all(map(results.is_current, made)):
            stages = ("--pipelines", ",".join(SHARED))
            ended = _say_and_run("making what all share", _untracked(request), job, stages)
            return ended.error or ""
    return ""


def _join_all(request: Request, jobs: Sequence[Job], outcomes: dict[str, JobOutcome]) -> None:
    """Blend and submit, once all are there, what a run by itself would have at its end."""
    for job in jobs:
        outcome = outcomes[job.folder]
        if not outcome.has_results:
            continue
        results = open_experiment(request, job)
        own = RUNS[_kind_of(results)]
        joining = [stage for stage in OF_ALL if stage in own and stage not in _RANK]
        if joining and (outcome.status == "trained" or not results.is_current(_OWN_SUBMISSION)):
            stages = ("--pipelines", ",".join(joining))
            ended = _say_and_run("blending", _untracked(request), job, stages)
            if ended.error is not None:
                error = f"blend: {ended.error}"
                outcomes[job.folder] = JobOutcome(job, "failed", outcome.seconds, error)


def _untracked(request: Request) -> Request:
    others = (text for text in request.settings if text.partition("=")[0] != _TRACKED)
    return replace(request, settings=(*others, f"{_TRACKED}=false"))


def _say_and_run(doing: str, request: Request, job: Job, options: Sequence[str]) -> Ended:
    arguments = [*request.arguments_of(job), *options]
    click.echo(f"=== {doing}: {shlex.join(['kedro', 'run', *arguments])}")
    return run_kedro(arguments)


def _show_table(
    request: Request, outcomes: Sequence[JobOutcome], *, may_rank: bool, ranked: bool
) -> bool:
    """Print and save the table; tell whether its leaderboard could not be made."""
    board, error = _find_board(request, outcomes, may_rank=may_rank, ranked=ranked)
    lines = [look_up(outcome, board) for outcome in outcomes]
    path = leaderboard_path(request).with_name("experiments.csv")
    save_table(lines, board, path, escape_formulas=escapes_formulas(request))
    remark = f"\nNo scores, as the leaderboard could not be made: {error}" if error else ""
    click.echo(f"\n{format_table(lines, board)}{remark}\n\nAlso in {path}")
    return bool(error)


def _find_board(
    request: Request, outcomes: Sequence[JobOutcome], *, may_rank: bool, ranked: bool
) -> tuple[Board, str]:
    """Return the leaderboard, made anew if the last run did not write it, and what stopped that.

    Args:
        request: What all runs have in common.
        outcomes: How they ended.
        may_rank: Whether a run may be started.
        ranked: Whether each run writes the leaderboard at its end.
    """
    with_results = [outcome for outcome in outcomes if outcome.has_results]
    if not with_results:
        return NO_BOARD, ""
    opened = [open_experiment(request, outcome.job) for outcome in with_results]
    # A member of a composite ranks without the blend; any other experiment knows all entries.
    targets = [results.parameters.target.name for results in opened]
    whole = [place for place, target in enumerate(targets) if target == "all"]
    place = whole[-1] if whole else -1
    if may_rank and not (ranked and _is_last_run(with_results[place], outcomes)):
        job = with_results[place].job
        ended = _say_and_run("ranking all experiments", _untracked(request), job, _RANK)
        if ended.error is not None:
            return NO_BOARD, JobOutcome(job, "failed", error=ended.error).reason
    path = leaderboard_path(request)
    if not path.is_file():
        return NO_BOARD, ""
    return read_board(path, opened[place].parameters.evaluation), ""


def _is_last_run(outcome: JobOutcome, outcomes: Sequence[JobOutcome]) -> bool:
    """Tell whether it was trained in this call and no run was started after it."""
    started = [other for other in outcomes if other.seconds is not None]
    return outcome.status == "trained" and started[-1] is outcome
