"""The project as seen by a command that does not run it: its lab book, and its results on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from kedro.framework.project import pipelines
from kedro.framework.session import KedroSession

from klue_pipeline.base_settings import merge_settings
from klue_pipeline.commands.jobs import Job, Request
from klue_pipeline.commands.options import read_settings
from klue_pipeline.runs.checks.remote_results import fetch_for_comparison
from klue_pipeline.runs.configuration import project_path, read_configuration
from klue_pipeline.runs.experiments import require_groups
from klue_pipeline.runs.stored_results import StoredResults, read_stored_results

_ADAPTED_ENCODER = "adapted_encoder"


def read_lab_book(request: Request) -> Mapping[str, Mapping[str, Any]]:
    """Return the table of experiments of an environment, unchecked.

    Raises:
        MissingConfigException: There is no such environment.
        ValueError: It is no table of experiments.
    """
    parameters = _read_parameters(request)
    require_groups(parameters)
    entries = parameters.get("experiments") or {}
    return {str(name): entry or {} for name, entry in entries.items()}


def escapes_formulas(request: Request) -> bool:
    """Tell whether CSV files that people open are made safe for spreadsheets."""
    return bool(_read_parameters(request)["csv"]["escape_formulas"])


def _read_parameters(request: Request) -> dict[str, Any]:
    configured = read_configuration(request.env)["parameters"]
    return merge_settings(configured, read_settings(request.settings))


def leaderboard_path(request: Request) -> Path:
    """Return where the catalog of an environment keeps the table of the leaderboard."""
    catalog = read_configuration(request.env)["catalog"]
    return project_path() / str(catalog["leaderboard"]["filepath"])


def open_experiment(request: Request, job: Job) -> StoredResults:
    """Resolve and check the settings of one run, and find its results.

    Raises:
        ValueError: Its settings are wrong; the message says which and what to do.
        OSError: The results are in a bucket that could not be reached.
    """
    # The hook that resolves the parameters also tells the graph its shape.
    context = open_context(request.env, request.settings_of(job))
    graph = pipelines["__default__"]
    fetch_for_comparison(context, graph, context.catalog)
    return read_stored_results(context, graph)


def open_context(env: str | None, given: Sequence[str]) -> Any:
    """Return the context of an environment, with the settings of a command.

    Args:
        env: The environment, or None for Kedro's own choice.
        given: ``name=value`` texts, as ``--params`` of a run.

    Raises:
        ValueError: A setting is wrong; the message says which and what to do.
    """
    session = KedroSession.create(
        project_path=project_path(),
        save_on_close=False,
        env=env,
        runtime_params=read_settings(given),
    )
    return session.load_context()


def adapted_encoder_is_missing(results: StoredResults) -> bool:
    """Tell whether an experiment starts from the adapted encoder and nobody has made it yet."""
    folder = results.path_of(_ADAPTED_ENCODER)
    if folder is None or results.catalog.exists(_ADAPTED_ENCODER):
        return False
    # The hook that resolves the parameters has replaced the name by the folder.
    return project_path() / results.parameters.encoder.name == folder
