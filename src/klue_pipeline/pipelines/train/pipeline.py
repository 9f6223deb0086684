"""Features and folds -> one model per fold -> out-of-fold scores."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.train.nodes import collect_out_of_fold, train
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import fold_name, in_fold

SHARED_INPUTS = {"train_features", "fold_members", "tokenizer", "labels"}
MODEL_PARAMETERS = [
    f"params:{group}" for group in ("target", "input", "encoder", "head", "loss", "training")
]


def create_pipeline(**kwargs: Any) -> Pipeline:  # noqa: ARG001
    """Wire one namespace per fold, so that a fold can be rerun or sent elsewhere, then collect."""
    folds = topology.folds_to_run()
    collect = node(
        collect_out_of_fold,
        inputs=[in_fold(fold, "validation_scores") for fold in folds],
        outputs="out_of_fold@one",
        name="collect_out_of_fold",
    )
    return sum((_fold_pipeline(fold) for fold in folds), Pipeline([])) + Pipeline([collect])


def _fold_pipeline(fold: int) -> Pipeline:
    return Pipeline(
        [
            node(
                train,
                inputs=[
                    "train_features",
                    "fold_members",
                    "tokenizer",
                    "labels",
                    "workspace",
                    *MODEL_PARAMETERS,
                ],
                outputs=["metrics", "history", "validation_scores", "model"],
                name="train",
                tags=["gpu"],
            )
        ],
        namespace=fold_name(fold),
        inputs=SHARED_INPUTS,
        parameters=set(MODEL_PARAMETERS),
    )
