"""How many folds the graph has; the one place that every entry point asks.

Kedro builds pipelines before it hands out parameters, so the answer has to come from somewhere
else: a hook tells this module the resolved settings of a run (with ``--params``), and commands
that make no context (``kedro registry list``) read the configuration of their environment here.
"""

import os
from pathlib import Path
from typing import Any

from klue_pipeline.training.params import FoldsParams

_settings: dict[str, FoldsParams] = {}


def set_folds(folds: FoldsParams) -> bool:
    """Remember the fold settings of this run; tell whether they differ from those known so far."""
    changed = _settings.get("folds") != folds
    _settings["folds"] = folds
    return changed


def forget_folds() -> None:
    """Forget what a run said, so that the next question reads the configuration."""
    _settings.clear()


def folds_to_run() -> list[int]:
    """Return the numbers of the folds in the graph, ascending from 0.

    ``folds.run`` picks some of the ``folds.n_splits`` folds of the same split.
    """
    folds = _settings.get("folds") or FoldsParams.model_validate(_configured_folds())
    return sorted(set(folds.run)) if folds.run is not None else list(range(folds.n_splits))


def _configured_folds() -> dict[str, Any]:
    from kedro.config import OmegaConfigLoader
    from kedro.framework.project import settings
    from kedro.utils import find_kedro_project

    root = find_kedro_project(Path.cwd()) or Path.cwd()
    loader = OmegaConfigLoader(
        conf_source=str(Path(root) / settings.CONF_SOURCE),
        env=os.environ.get("KEDRO_ENV"),
        **settings.CONFIG_LOADER_ARGS,
    )
    folds: dict[str, Any] = loader["parameters"]["folds"]
    return folds
