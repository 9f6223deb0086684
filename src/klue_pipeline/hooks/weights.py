"""The hook that drops weights which an experiment does not keep (``training.keep_weights``)."""

from typing import Any

from kedro.framework.hooks import hook_impl
from kedro.framework.project import pipelines
from kedro.pipeline import Pipeline

from klue_pipeline.runs.dataset_names import parse_fold
from klue_pipeline.runs.kept_weights import drop_weights
from klue_pipeline.runs.parameters import task_of
from klue_pipeline.runs.stored_results import graph_around


class WeightsHooks:
    """Drop the weights of folds once everything that is made of them is on disk."""

    def __init__(self) -> None:
        self._context: Any = None

    @hook_impl
    def after_context_created(self, context: Any) -> None:
        """Remember where the settings are."""
        self._context = context

    @hook_impl
    def after_pipeline_run(self, pipeline: Pipeline, catalog: Any) -> None:
        """Drop them after a run that made or read a fold's model."""
        parts = map(parse_fold, pipeline.datasets())
        if self._context is None or not any(part and part.name == "model" for part in parts):
            return
        task = task_of(node.name for node in pipeline.nodes)
        # Read only now: another hook resolves the parameters after the context is made.
        training = task.settings_in(self._context.config_loader["parameters"])["training"]
        drop_weights(
            graph_around(pipeline, pipelines),
            catalog,
            training["keep_weights"],
            training["select_by"],
            task.path("training.keep_weights"),
        )
