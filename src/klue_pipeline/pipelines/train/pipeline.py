"""Features and folds -> one model per fold -> out-of-fold scores."""

from collections.abc import Sequence
from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.pipelines.train.nodes import collect_out_of_fold, refit, train
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import REFIT_METRICS, REFIT_MODEL, fold_name, in_fold

SHARED_INPUTS = {"train_features", "fold_members", "tokenizer", "labels"}
MODEL_PARAMETERS = [
    f"params:{group}" for group in ("target", "input", "encoder", "head", "loss", "training")
]


def create_pipeline(**kwargs: Any) -> Pipeline:  # noqa: ARG001
    """Wire one namespace per fold, so that a fold can be rerun or sent elsewhere, then collect.

    The training on all rows, where there is one, asks the folds how long it is.
    """
    folds = topology.folds_to_run()
    collect = node(
        collect_out_of_fold,
        inputs=[in_fold(fold, "validation_scores") for fold in folds],
        outputs="out_of_fold@one",
        name="collect_out_of_fold",
    )
    after = [collect, *([_refit(folds)] if topology.refits() else [])]
    return sum((_fold_pipeline(fold) for fold in folds), Pipeline([])) + Pipeline(after)


def _refit(folds: Sequence[int]) -> Node:
    return node(
        refit,
        inputs=[
            "train_features",
            "tokenizer",
            "labels",
            "refit.workspace",
            *MODEL_PARAMETERS,
            *(in_fold(fold, "metrics") for fold in folds),
        ],
        outputs=[REFIT_METRICS, REFIT_MODEL],
        name="refit",
        tags=["gpu"],
    )


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
