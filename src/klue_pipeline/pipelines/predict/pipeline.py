"""Models and test features -> test scores per fold -> their average."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.predict.nodes import average_folds, predict
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import fold_name, in_fold


def create_pipeline(**kwargs: Any) -> Pipeline:  # noqa: ARG001
    """Wire one prediction per fold into the fold's namespace, then average."""
    folds = topology.folds_to_run()
    average = node(
        average_folds,
        inputs=[in_fold(fold, "test_scores") for fold in folds],
        outputs="test_scores@one",
        name="average_folds",
    )
    return sum((_fold_pipeline(fold) for fold in folds), Pipeline([])) + Pipeline([average])


def _fold_pipeline(fold: int) -> Pipeline:
    return Pipeline(
        [
            node(
                predict,
                inputs=["model", "test_features", "params:training"],
                outputs="test_scores",
                name="predict",
                tags=["gpu"],
            )
        ],
        namespace=fold_name(fold),
        inputs={"model": in_fold(fold, "model"), "test_features": "test_features"},
        parameters={"params:training"},
    )
