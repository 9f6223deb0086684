"""Several experiments at once, on the workers of one cluster.

What all experiments share is made first, by one run. Then each has a run of its own for what is its
own; a composite waits for its members. What is made of all of them comes at the end, again by one
run after the other: ``experiments.py`` does that.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from klue_pipeline.commands.child_run import ChildRuns, Ended
from klue_pipeline.commands.jobs import Job, Request
from klue_pipeline.commands.outcomes import JobOutcome
from klue_pipeline.pipeline_registry import RUNS
from klue_pipeline.runners.dask_cluster import (
    ADDRESS_VARIABLE,
    configured_address,
    local_cluster,
    require_dask,
)
from klue_pipeline.runs.topology import Kind

SHARED = ("ingest", "clean")
"""The stages whose results belong to all experiments."""
OF_ALL = ("ensemble", "submissions", "leaderboard")
"""The stages that look at all experiments there are."""
_RUNNER = ("--runner", "klue_pipeline.runners.DaskRunner")


@dataclass(frozen=True)
class Plan:
    """What is left to do for an experiment.

    Attributes:
        job: The experiment.
        kind: Its kind, which decides on its stages.
        options: Of ``kedro run``.
    """

    job: Job
    kind: Kind
    options: tuple[str, ...]

    def arguments(self, request: Request) -> list[str]:
        """Return the arguments of the run that makes what is the experiment's own."""
        own = [stage for stage in RUNS[self.kind] if stage not in (*SHARED, *OF_ALL)]
        chosen = [*request.arguments_of(self.job), *self.options]
        return [*chosen, "--pipelines", ",".join(own), *_RUNNER]


@contextmanager
def shared_cluster(workers: int) -> Iterator[ChildRuns]:
    """Start workers, unless Dask's settings name a cluster; runs that use them end with the block.

    Raises:
        ValueError: Dask is not installed.
    """
    require_dask()
    address = configured_address()
    if address is not None:
        yield ChildRuns({ADDRESS_VARIABLE: address})
        return
    with local_cluster(workers) as own:
        yield ChildRuns({ADDRESS_VARIABLE: own})


class SideBySide:
    """The runs of one call.

    Args:
        request: What all runs have in common.
        children: Starts the runs.
        workers: How many run at once.
        prepare: Looks how far an experiment is; returns what is left to do or how it ended.
        logs: Where each experiment has a folder, and in there its log.
    """

    def __init__(
        self,
        request: Request,
        children: ChildRuns,
        workers: int,
        prepare: Callable[[Job], Plan | JobOutcome],
        logs: Path,
    ) -> None:
        self._request, self._children, self._prepare = request, children, prepare
        self._logs, self._workers = logs, workers

    def run(self, jobs: Sequence[Job], outcomes: dict[str, JobOutcome]) -> bool:
        """Run every experiment that can; tell whether Ctrl-C ended it before the last."""
        waiting = [job for job in jobs if job.folder not in outcomes]
        running: dict[Future[Ended], Job] = {}
        with ThreadPoolExecutor(self._workers) as pool:
            try:
                while waiting or running:
                    self._start_some(waiting, running, outcomes, pool)
                    for future in wait(running, return_when=FIRST_COMPLETED).done:
                        job = running.pop(future)
                        self._note(JobOutcome.of_run(job, future.result()), outcomes)
            except KeyboardInterrupt:
                self._children.terminate()
                for job in running.values():
                    self._note(JobOutcome(job, "interrupted"), outcomes)
                return True
        return False

    def _start_some(
        self,
        waiting: list[Job],
        running: dict[Future[Ended], Job],
        outcomes: dict[str, JobOutcome],
        pool: ThreadPoolExecutor,
    ) -> None:
        """Start what can be started, and note what ends without a run."""
        under_way = {job.folder for job in [*waiting, *running.values()]}
        for job in list(waiting):
            if len(running) >= self._workers:
                return
            if not under_way.isdisjoint(job.members):
                continue
            waiting.remove(job)
            plan = self._plan(job, outcomes)
            if isinstance(plan, Plan):
                running[pool.submit(self._run, plan)] = job
            else:
                self._note(plan, outcomes)
                under_way.discard(job.folder)

    def _plan(self, job: Job, outcomes: dict[str, JobOutcome]) -> Plan | JobOutcome:
        for member in job.members:
            if member in outcomes and outcomes[member].failed:
                return JobOutcome(job, "failed", error=f"its member {member} failed")
        plan = self._prepare(job)
        if isinstance(plan, Plan):
            click.echo(f"=== {job.folder}: running; its log is {self._log_of(job)}")
        return plan

    def _run(self, plan: Plan) -> Ended:
        return self._children.run(plan.arguments(self._request), self._log_of(plan.job))

    def _log_of(self, job: Job) -> Path:
        return self._logs / job.folder / "run.log"

    @staticmethod
    def _note(outcome: JobOutcome, outcomes: dict[str, JobOutcome]) -> None:
        outcomes[outcome.job.folder] = outcome
        click.echo(f"=== {outcome.job.folder}: {outcome.describe()}")
