"""The hook that resolves the experiment and checks every parameter before anything runs."""

import logging
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import PACKAGE_NAME, pipelines

from klue_pipeline import topology
from klue_pipeline.experiments import resolve_experiment
from klue_pipeline.parameters import check_parameters

logger = logging.getLogger(__name__)


class ParameterHooks:
    """Resolve defaults, experiment and ``--params`` into the groups that nodes read."""

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Replace the context's parameters by the resolved ones, and tell the graph its folds.

        Raises:
            ValueError: A setting is unknown or wrong.
        """
        loader = context.config_loader
        runtime = loader.runtime_params or {}
        # Kedro merges --params into base and environment alike; resolution needs them apart,
        # because they must win over the experiment's entry too.
        loader.runtime_params = {}
        try:
            configured = loader["parameters"]
        finally:
            loader.runtime_params = runtime
        resolved = resolve_experiment(configured, runtime)
        parameters = check_parameters(resolved)
        loader["parameters"] = resolved
        if topology.set_folds(parameters.folds):
            _forget_built_pipelines()


def _forget_built_pipelines() -> None:
    # A process that makes several sessions (a notebook, a test) keeps the graph of the first.
    requested = pipelines._requested_pipelines
    pipelines.configure(f"{PACKAGE_NAME or 'klue_pipeline'}.pipeline_registry")
    pipelines.set_requested(requested)
