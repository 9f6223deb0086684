"""Features and folds -> one model per fold -> out-of-fold scores."""

from collections.abc import Callable, Sequence
from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.pipelines.train.nodes import (
    collect_out_of_fold,
    refit,
    teach,
    teach_refit,
    train,
)
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import (
    REFIT_METRICS,
    REFIT_MODEL,
    REFIT_TEACHER_SCORES,
    TeacherModel,
    fold_name,
    in_fold,
)

TAUGHT = ("training_sentences", "unlabelled_sentences", "fold_members", "labels")
"""What teachers read."""
LEARNT = {
    "train_features": "train_features",
    "tokenizer": "tokenizer",
    "labels": "labels",
    "target": "params:target",
    "input_params": "params:input",
    "encoder": "params:encoder",
    "head": "params:head",
    "loss": "params:loss",
    "training": "params:training",
}
"""What every training reads, by argument."""


def create_pipeline(**kwargs: Any) -> Pipeline:  # noqa: ARG001
    """Wire one namespace per fold, so that a fold can be rerun or sent elsewhere, then collect.

    Where other experiments teach this one, a fold is taught before it is trained. The training on
    all rows, where there is one, asks the folds how long it is.
    """
    folds = topology.folds_to_run()
    collect = node(
        collect_out_of_fold,
        inputs=[in_fold(fold, "validation_scores") for fold in folds],
        outputs="out_of_fold@one",
        name="collect_out_of_fold",
    )
    after = [collect, *(_refit(folds) if topology.refits() else [])]
    return sum((_fold_pipeline(fold) for fold in folds), Pipeline([])) + Pipeline(after)


def _refit(folds: Sequence[int]) -> list[Node]:
    training = node(
        refit,
        inputs={
            **LEARNT,
            "workspace": "refit.workspace",
            **_lessons(REFIT_TEACHER_SCORES),
            **{fold_name(fold): in_fold(fold, "metrics") for fold in folds},
        },
        outputs=[REFIT_METRICS, REFIT_MODEL],
        name="refit",
        tags=["gpu"],
    )
    return [*_teaching(teach_refit, folds, {}, REFIT_TEACHER_SCORES), training]


def _fold_pipeline(fold: int) -> Pipeline:
    """Wire a fold; its teachers are models of the same fold and no other."""
    workspace = {"workspace": "workspace"}
    training = node(
        train,
        inputs={
            **LEARNT,
            **workspace,
            "fold_members": "fold_members",
            **_lessons("teacher_scores"),
        },
        outputs=["metrics", "history", "validation_scores", "model"],
        name="train",
        tags=["gpu"],
    )
    nodes = [*_teaching(teach, [fold], workspace, "teacher_scores"), training]
    read = {name for each in nodes for name in each.inputs}
    parameters = {name for name in read if name.startswith("params:")}
    return Pipeline(
        nodes,
        namespace=fold_name(fold),
        inputs=read - parameters - {"workspace", "teacher_scores"},
        parameters=parameters,
    )


def _teaching(
    function: Callable[..., Any], folds: Sequence[int], more: dict[str, str], scores: str
) -> list[Node]:
    """Return the node in which the teachers' models of some folds score rows; none without any."""
    models = [TeacherModel(name, fold).name for name in topology.teachers() for fold in folds]
    if not models:
        return []
    inputs = {name: name for name in (*TAUGHT, *models)} | {"training": "params:training", **more}
    return [node(function, inputs=inputs, outputs=scores, name=function.__name__, tags=["gpu"])]


def _lessons(teacher_scores: str) -> dict[str, str]:
    """Name what a student reads besides."""
    if not topology.teachers():
        return {}
    return {"teacher_scores": teacher_scores, "unlabelled_features": "unlabelled_features"}
