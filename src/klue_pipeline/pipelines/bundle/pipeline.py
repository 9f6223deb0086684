"""Scores and settings of this experiment -> a bundle for a blend on another server."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.bundle.nodes import export_bundle, export_composite_bundle
from klue_pipeline.runs import topology

SHARED_INPUTS = [
    "out_of_fold@one",
    "test_scores@one",
    "experiment_metrics",
    "labels",
    "run_record",
    "params:about",
    "params:clean",
    "params:folds",
]
MODEL_PARAMETERS = [
    f"params:{group}"
    for group in ("target", "input", "encoder", "head", "loss", "training", "augment")
]


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the export; a composite has no model whose settings could be told."""
    is_composite = topology.experiment_kind() == "composite"
    return _composite() if is_composite else _model()


def _model() -> Pipeline:
    return Pipeline(
        [
            node(
                export_bundle,
                inputs=[*SHARED_INPUTS, *MODEL_PARAMETERS],
                outputs="score_bundle",
                name="export_bundle",
            )
        ]
    )


def _composite() -> Pipeline:
    return Pipeline(
        [
            node(
                export_composite_bundle,
                inputs=[*SHARED_INPUTS, "params:composite"],
                outputs="score_bundle",
                name="export_composite_bundle",
            )
        ]
    )
