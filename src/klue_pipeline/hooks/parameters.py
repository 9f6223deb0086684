"""The hook that resolves the experiment and checks every parameter before anything runs."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import PACKAGE_NAME, pipelines
from kedro.pipeline import Pipeline

from klue_pipeline.base_settings import merge_settings
from klue_pipeline.relation.settings.unread_settings import unread_settings
from klue_pipeline.runs import topology
from klue_pipeline.runs.configuration import explain_shapes, read_configuration
from klue_pipeline.runs.experiments import WrongShapeError, resolve_run
from klue_pipeline.runs.parameters import OTHER_TASKS, check_parameters
from klue_pipeline.runs.remedies import kedro_run
from klue_pipeline.runs.taken_names import ANY_EXPERIMENT, find_taken_names, require_free_names
from klue_pipeline.training.pretraining.adapt_params import ADAPTED

logger = logging.getLogger(__name__)

_ADAPTED_ENCODER = "adapted_encoder"
"""The dataset that ``encoder.name: adapted`` means."""


class ParameterHooks:
    """Resolve defaults, experiment and ``--params`` into the groups that nodes read."""

    def __init__(self) -> None:
        self._adapted: Path | None = None

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
        try:
            resolved = resolve_run(configured, runtime)
        except WrongShapeError as error:
            raise ValueError(
                "\n".join([str(error), *explain_shapes(loader, "parameters")])
            ) from None
        parameters = check_parameters(resolved)
        for task in OTHER_TASKS:
            check_parameters(resolved, task)
        for line in unread_settings(parameters, runtime):
            logger.warning("--params %s", line)
        catalog = _catalog_of_any_experiment(loader, runtime)
        require_free_names(parameters, find_taken_names(catalog))
        self._adapted = None
        if parameters.encoder.name == ADAPTED:
            self._adapted = Path(catalog[_ADAPTED_ENCODER]["filepath"])
            resolved = _with_encoder(resolved, self._adapted)
        loader["parameters"] = resolved
        if topology.set_shape(topology.shape_of(resolved)):
            _forget_built_pipelines()

    @hook_impl
    def before_pipeline_run(self, run_params: dict[str, Any], pipeline: Pipeline) -> None:
        """Want the adapted encoder to be there before anything is made for it or of it.

        Raises:
            ValueError: It is not, or this very run would change it.
        """
        if self._adapted is None or "params:encoder" not in pipeline.inputs():
            return
        adapt = kedro_run(run_params, pipelines="ingest,clean,adapt")
        if _ADAPTED_ENCODER in pipeline.all_outputs():
            raise ValueError(
                "encoder.name is adapted, and this run makes the adapted encoder as well as what "
                f"depends on it; run {adapt} first, then the other pipelines."
            )
        if not (self._adapted / "model.safetensors").is_file():
            raise ValueError(
                f"encoder.name is adapted, but there is no adapted encoder at {self._adapted}; "
                f"make it with {adapt}."
            )


def _catalog_of_any_experiment(loader: Any, runtime: Mapping[str, Any]) -> Mapping[str, Any]:
    """Read the catalog so that the folders of experiments can be told from the project's own.

    A loader remembers the first settings of a command line that a catalog asked it for, so this
    takes another one.
    """
    others = {task.prefix: {"experiment": ANY_EXPERIMENT} for task in OTHER_TASKS}
    any_experiment = merge_settings(runtime, {"experiment": ANY_EXPERIMENT, **others}) | {"run": {}}
    catalog: Mapping[str, Any] = read_configuration(loader.env, loader.conf_source, any_experiment)[
        "catalog"
    ]
    return catalog


def _with_encoder(parameters: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    return {**parameters, "encoder": {**parameters["encoder"], "name": folder.as_posix()}}


def _forget_built_pipelines() -> None:
    # A process that makes several sessions (a notebook, a test) keeps the graph of the first.
    requested = pipelines._requested_pipelines
    pipelines.configure(f"{PACKAGE_NAME or 'klue_pipeline'}.pipeline_registry")
    pipelines.set_requested(requested)
