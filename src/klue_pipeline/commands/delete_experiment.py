"""``kedro delete-experiment``: remove what is on disk of experiments and, on request, in MLflow."""

import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from klue_pipeline.base_settings import suggest
from klue_pipeline.commands.project import open_context
from klue_pipeline.runs.configuration import project_path, read_configuration
from klue_pipeline.runs.disk.mirror.sending import remote_sizes, send, send_file
from klue_pipeline.runs.disk.running import runs_under_way
from klue_pipeline.runs.taken_names import (
    ANY_EXPERIMENT,
    find_taken_names,
    parents_of_experiments,
)

_MIB = 2**20


def delete_experiments(
    names: Sequence[str], *, env: str | None, with_mlflow: bool, confirmed: bool
) -> int:
    """Delete the folders of experiments, after showing them and asking.

    Args:
        names: Folders as the leaderboard names them: ``<entry>`` or ``<entry>--<variant>``.
        env: The environment.
        with_mlflow: Whether their runs in MLflow go too; MLflow can restore these.
        confirmed: Whether nobody has to be asked.

    Returns:
        The exit code: 0, or 1 if the answer was no.

    Raises:
        UsageError: A name is that of no experiment on disk; nothing was deleted.
        ValueError: One of them is being run.
    """
    data_root = project_path() / str(read_configuration(env)["globals"]["data_root"])
    remote = remote_sizes(data_root)
    folders = _folders_on_disk(env, remote)
    _require_known(names, folders)
    _require_idle(names, data_root)
    chosen = [path for name in names for path in folders[name]]
    click.echo("\n".join(f"{_size(path, remote) / _MIB:8.1f} MiB  {path}" for path in chosen))
    if not (confirmed or click.confirm("Delete these folders?")):
        return 1
    for path in chosen:
        if path.exists():  # else it lies in a bucket alone
            shutil.rmtree(path)
        send(path)
    for name in names:
        plan = data_root / ".fingerprints" / f"unfinished-{name}.json"
        plan.unlink(missing_ok=True)
        send_file(plan)
    if with_mlflow:
        click.echo(f"{_delete_runs(names, env)} runs are deleted in MLflow (mlflow gc frees them)")
    option = f"--env {env} " if env else ""
    click.echo(
        "The blend, the leaderboard and the pages still have them. Make these anew with "
        f"kedro run {option}--pipelines ensemble,leaderboard,submissions"
    )
    return 0


def _folders_on_disk(env: str | None, remote: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the folders of every experiment on disk or in a bucket, by its name."""
    elsewhere = {folder for path in remote for folder in path.parents}
    catalog = read_configuration(env, runtime={"experiment": ANY_EXPERIMENT})["catalog"]
    taken = find_taken_names(catalog)
    folders: dict[str, list[Path]] = {}
    for parent in sorted(parents_of_experiments(catalog)):
        above = project_path() / parent
        here = {path for path in above.glob("*") if path.is_dir()}
        for path in sorted(here | {folder for folder in elsewhere if folder.parent == above}):
            if not path.name.startswith(".") and path.name.lower() not in taken:
                folders.setdefault(path.name, []).append(path)
    return folders


def _require_known(names: Iterable[str], folders: dict[str, list[Path]]) -> None:
    for name in names:
        if name not in folders:
            hint = suggest(name, folders) if folders else "There are none."
            raise click.UsageError(f"There is no experiment {name!r} on disk. {hint}")


def _require_idle(names: Sequence[str], data_root: Path) -> None:
    for claim in runs_under_way(data_root / ".running"):
        if claim.experiment in names:
            raise ValueError(
                f"{claim.experiment} is being run by process {claim.process.pid} on "
                f"{claim.process.host}; wait for its end."
            )


def _size(folder: Path, remote: Mapping[Path, int]) -> int:
    here = {path: path.stat().st_size for path in folder.rglob("*") if path.is_file()}
    there = {path: size for path, size in remote.items() if folder in path.parents}
    return sum({**here, **there}.values())


def _delete_runs(names: Sequence[str], env: str | None) -> int:
    from klue_pipeline.tracking.mlflow_client import open_store
    from klue_pipeline.tracking.patience import Patience
    from klue_pipeline.tracking.tracking_params import read_tracking_params

    context: Any = open_context(env, [])
    store, experiment_id = open_store(read_tracking_params(context), Patience())
    return sum(store.delete_runs(experiment_id, name) for name in names)
