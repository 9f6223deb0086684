"""Settings of MLflow tracking: ``mlflow.yml``, then the environment, then ``--params mlflow.*``."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError

from klue_pipeline.base_settings import Settings, explain_errors

CONFIG_PATTERNS = ["mlflow*", "mlflow*/**"]
URI_VARIABLE = "MLFLOW_TRACKING_URI"
SQLITE_PREFIX = "sqlite:///"
ARTIFACT_FOLDER = "mlartifacts"
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
"""Addresses behind which there is no server to keep artifacts."""


class TrackingParams(Settings):
    """Whether and where runs are tracked."""

    enabled: bool
    tracking_uri: str = Field(min_length=1)
    """Database or server; a relative sqlite file lies in the project folder."""
    experiment: str = Field(min_length=1)
    """MLflow experiment that gathers the runs."""
    artifact_location: str | None = None
    """Folder relative to the project, or an address; None leaves it to the server."""
    log_models: bool = False
    """Copy each fold's model folder to its MLflow run."""


def resolve_tracking_params(
    from_file: Mapping[str, Any], from_command: Mapping[str, Any], project_path: Path
) -> TrackingParams:
    """Merge the sources of the settings and make the paths in them absolute.

    Args:
        from_file: What ``mlflow.yml`` says.
        from_command: The ``mlflow`` group of ``--params``; wins over everything.
        project_path: Folder that relative paths start from.

    Raises:
        ValueError: A field is unknown, missing or of the wrong type.
    """
    from_environment = {"tracking_uri": os.environ[URI_VARIABLE]} if _uri_in_environment() else {}
    try:
        params = TrackingParams(**{**from_file, **from_environment, **from_command})
    except ValidationError as error:
        raise ValueError(
            "The tracking settings (conf/<env>/mlflow.yml, --params mlflow.*) are wrong: "
            + "; ".join(explain_errors(error, TrackingParams, prefix="mlflow."))
        ) from error
    uri = absolute_uri(params.tracking_uri, project_path)
    artifacts = _artifact_location(params.artifact_location, uri, project_path)
    return params.model_copy(update={"tracking_uri": uri, "artifact_location": artifacts})


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


def sqlite_file(uri: str) -> Path | None:
    """Return the file of an absolute sqlite address; None for other addresses."""
    file = uri.removeprefix(SQLITE_PREFIX).partition("?")[0]
    return None if file in (uri, "", ":memory:") else Path(file)


def _artifact_location(location: str | None, uri: str, project_path: Path) -> str | None:
    """Return an absolute folder as a URI; MLflow itself would start at the working directory."""
    if location is None and not uri.startswith(DATABASES):
        return None
    location = location or ARTIFACT_FOLDER
    return location if "://" in location else (project_path / location).as_uri()


def without_password(uri: str) -> str:
    """Hide the password of an address, so that it can be shown.

    >>> without_password("postgresql://kim:secret@db.example/mlflow")
    'postgresql://kim:***@db.example/mlflow'
    """
    password = urlsplit(uri).password
    return uri.replace(f":{password}@", ":***@") if password else uri
