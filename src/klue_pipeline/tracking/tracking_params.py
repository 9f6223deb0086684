"""Settings of MLflow tracking: ``tracking.yml``, the environment, then ``--params mlflow.*``."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, ValidationError

from klue_pipeline.base_settings import Settings, explain_errors
from klue_pipeline.databases import SQLITE_PREFIX

CONFIG_NAME = "tracking"
CONFIG_PATTERNS = ["tracking*", "tracking*/**"]
FORMER_FILE = "mlflow.yml"
"""The plugin kedro-mlflow reads a file of this name, and stops at settings that are not its own."""
URI_VARIABLE = "MLFLOW_TRACKING_URI"
ARTIFACT_FOLDER = "mlartifacts"
DEFAULT_ENVIRONMENT = "local"
ENVIRONMENT_FIELD = "{env}"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
"""Addresses behind which there is no server to keep artifacts."""


class TrackingParams(Settings):
    """Whether and where runs are tracked."""

    enabled: bool
    tracking_uri: str = Field(min_length=1)
    """Database or server; a relative sqlite file lies in the project folder."""
    experiment: str = Field(min_length=1, max_length=500)
    """MLflow experiment that gathers the runs; ``{env}`` stands for the environment's name."""
    artifact_location: str | None = None
    """Folder relative to the project, or an address; None leaves it to the server."""
    log_models: bool = False
    """Copy each fold's model folder to its MLflow run."""


def resolve_tracking_params(
    from_file: Mapping[str, Any],
    from_command: Mapping[str, Any],
    project_path: Path,
    env: str | None = None,
) -> TrackingParams:
    """Merge the sources of the settings and make the paths in them absolute.

    Args:
        from_file: What ``tracking.yml`` says.
        from_command: The ``mlflow`` group of ``--params``; wins over everything.
        project_path: Folder that relative paths start from.
        env: The environment of the command; None for the default one.

    Raises:
        ValueError: A field is unknown, missing or of the wrong type.
    """
    from_environment = {"tracking_uri": os.environ[URI_VARIABLE]} if _uri_in_environment() else {}
    try:
        params = TrackingParams(**{**from_file, **from_environment, **from_command})
    except ValidationError as error:
        raise ValueError(
            "The tracking settings (conf/<env>/tracking.yml, --params mlflow.*) are wrong: "
            + "; ".join(explain_errors(error, TrackingParams, prefix="mlflow."))
        ) from error
    uri = absolute_uri(params.tracking_uri, project_path)
    artifacts = _artifact_location(params.artifact_location, uri, project_path)
    resolved = {
        "tracking_uri": uri,
        "artifact_location": artifacts,
        "experiment": params.experiment.replace(ENVIRONMENT_FIELD, env or DEFAULT_ENVIRONMENT),
    }
    return params.model_copy(update=resolved)


def read_tracking_params(context: Any) -> TrackingParams:
    """Read the settings of a Kedro context.

    Raises:
        ValueError: They are wrong, or stand in a file of their former name.
    """
    loader = context.config_loader
    _refuse_former_file(loader)
    loader.config_patterns.setdefault(CONFIG_NAME, CONFIG_PATTERNS)
    from_command = (loader.runtime_params or {}).get("mlflow") or {}
    path = Path(context.project_path)
    return resolve_tracking_params(loader[CONFIG_NAME], from_command, path, loader.env)


def _refuse_former_file(loader: Any) -> None:
    """Refuse our settings in the file of another program, where nobody would read them."""
    for env in (loader.base_env, loader.env or DEFAULT_ENVIRONMENT):
        file = Path(loader.conf_source) / str(env) / FORMER_FILE
        settings = yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else None
        named = settings if isinstance(settings, dict) else {}
        if ours := sorted(named.keys() & TrackingParams.model_fields.keys()):
            raise ValueError(
                f"{file} says {', '.join(ours)}, but tracking settings are read from tracking.yml: "
                f"the plugin kedro-mlflow reads {FORMER_FILE}. Rename the file to "
                f"{file.with_name('tracking.yml')}."
            )


def _uri_in_environment() -> bool:
    return bool(os.environ.get(URI_VARIABLE))


def absolute_uri(uri: str, project_path: Path) -> str:
    """Start a relative sqlite file at the project folder; leave every other address alone.

    >>> absolute_uri("sqlite:///mlflow.db", Path("/home/kim/klue"))
    'sqlite:////home/kim/klue/mlflow.db'
    >>> absolute_uri("http://127.0.0.1:5000", Path("/home/kim/klue"))
    'http://127.0.0.1:5000'
    """
    file = uri.removeprefix(SQLITE_PREFIX)
    if file in (uri, "", ":memory:"):
        return uri
    return f"{SQLITE_PREFIX}{(project_path / file).as_posix()}"


def _artifact_location(location: str | None, uri: str, project_path: Path) -> str | None:
    """Return an absolute folder as a URI; MLflow itself would start at the working directory."""
    if location is None and not uri.startswith(DATABASES):
        return None
    location = location or ARTIFACT_FOLDER
    return location if "://" in location else (project_path / location).as_uri()
