"""The configuration of the project, for those who are not handed Kedro's context."""

import os
from pathlib import Path
from typing import Any


def project_path() -> Path:
    """Return the folder of the project around the working directory."""
    from kedro.utils import find_kedro_project

    return Path(find_kedro_project(Path.cwd()) or Path.cwd())


def read_configuration(env: str | None = None) -> Any:
    """Return what reads ``conf/``, without the settings of a command line.

    Args:
        env: The environment; None for the one that ``KEDRO_ENV`` names, or Kedro's own choice.
    """
    from kedro.config import OmegaConfigLoader
    from kedro.framework.project import settings

    return OmegaConfigLoader(
        conf_source=str(project_path() / settings.CONF_SOURCE),
        env=env or os.environ.get("KEDRO_ENV"),
        **settings.CONFIG_LOADER_ARGS,
    )
