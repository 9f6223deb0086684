"""Which runs a call of ``kedro experiments`` asks for, and in which order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import click

from klue_pipeline.commands.options import read_settings
from klue_pipeline.runs.dataset_names import explain_unknown_experiment, folder_name

_SET_ELSEWHERE = frozenset({"run", "run.name"})


@dataclass(frozen=True)
class Job:
    """One experiment to run.

    Attributes:
        experiment: Its entry in the lab book.
        run_name: The name of a variant, which has a folder of its own; None for the entry itself.
        members: Folders of the experiments whose scores or models it reads; they have to be there
            first.
    """

    experiment: str
    run_name: str | None = None
    members: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """The folder of its results, which also names it in the table."""
        return folder_name(self.experiment, self.run_name)


@dataclass(frozen=True)
class Request:
    """What all runs of a call have in common.

    Attributes:
        env: The environment, or None for Kedro's own choice.
        settings: What ``--params`` says, as ``name=value`` texts.
    """

    env: str | None
    settings: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse what the names are for.

        Raises:
            UsageError: The settings name an experiment.
        """
        if "experiment" in read_settings(self.settings):
            raise click.UsageError(
                "--params: found experiment=...; give the experiments by name instead, as in "
                "kedro experiments typed_punct_query rbert_focal."
            )

    @property
    def run_name(self) -> str | None:
        """The name of the variant that is asked for, if any."""
        name = (read_settings(self.settings).get("run") or {}).get("name")
        return None if name is None else str(name)

    def settings_of(self, job: Job) -> list[str]:
        """Return the settings of one run, as ``name=value`` texts."""
        shared = [text for text in self.settings if text.partition("=")[0] not in _SET_ELSEWHERE]
        variant = [f"run.name={job.run_name}"] if job.run_name else []
        return [*shared, *variant, f"experiment={job.experiment}"]

    def arguments_of(self, job: Job) -> list[str]:
        """Return the arguments of ``kedro run`` for one run."""
        chosen = ["--env", self.env] if self.env else []
        return [*chosen, "--params", ",".join(self.settings_of(job))]


def plan_jobs(
    names: Iterable[str], entries: Mapping[str, Mapping[str, Any]], run_name: str | None = None
) -> list[Job]:
    """Put experiments in the order in which they can run: as named, after those that they read.

    Args:
        names: Names of entries; a repeated one counts once.
        entries: The table ``experiments`` of the lab book.
        run_name: Names the variants. The scores of others are read from their plain folders, so
            those that an experiment brings along have no such name.

    Returns:
        Each run once.
    """
    jobs: dict[str, Job] = {}
    for name in names:
        members = _members_of(entries, name)
        for job in [*(Job(member) for member in members), Job(name, run_name, members)]:
            jobs.setdefault(job.folder, job)
    return list(jobs.values())


def _members_of(entries: Mapping[str, Mapping[str, Any]], name: str) -> tuple[str, ...]:
    """Return the members that are in the table; the check of settings refuses the others."""
    listed = [*(entries[name].get("members") or ()), *_asked_for_mistakes(entries[name])]
    listed += (entries[name].get("loss") or {}).get("teachers") or ()
    return tuple(dict.fromkeys(str(member) for member in listed if member in entries))


def _asked_for_mistakes(entry: Mapping[str, Any]) -> Iterator[str]:
    """Yield the experiments whose mistakes the chosen augmentations start from."""
    augment = entry.get("augment") or {}
    for method in augment.get("methods") or ():
        select = (augment.get(method) or {}).get("select") or {}
        if select.get("mistakes_of"):
            yield select["mistakes_of"]


def require_known(names: Iterable[str], entries: Mapping[str, Any]) -> None:
    """Refuse names that are not in the lab book.

    Raises:
        UsageError: Listing every unknown name, with known ones that are near.
    """
    unknown = [name for name in names if name not in entries]
    lines = [explain_unknown_experiment(name, entries) for name in unknown]
    if lines:
        raise click.UsageError("\n".join([*lines, "Nothing was run."]))
