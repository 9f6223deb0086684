"""The configuration of the project, for those who are not handed Kedro's context."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def project_path() -> Path:
    """Return the folder of the project around the working directory."""
    from kedro.utils import find_kedro_project

    return Path(find_kedro_project(Path.cwd()) or Path.cwd())


def read_configuration(
    env: str | None = None,
    conf_source: str | None = None,
    runtime: Mapping[str, Any] | None = None,
) -> Any:
    """Return what reads ``conf/``.

    Args:
        env: The environment; None for the one that ``KEDRO_ENV`` names, or Kedro's own choice.
        conf_source: Where the environments are; None for the folder ``conf`` of the project.
        runtime: The settings of a command line; none by default.
    """
    from kedro.config import OmegaConfigLoader
    from kedro.framework.project import settings

    return OmegaConfigLoader(
        conf_source=conf_source or str(project_path() / settings.CONF_SOURCE),
        env=env or os.environ.get("KEDRO_ENV"),
        runtime_params=dict(runtime or {}),
        **settings.CONFIG_LOADER_ARGS,
    )
