"""Members' scores -> scores per fold -> out-of-fold scores and averaged test scores."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.compose.nodes import compose
from klue_pipeline.pipelines.predict.nodes import average_folds
from klue_pipeline.pipelines.train.nodes import collect_out_of_fold
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import MemberDataset, fold_name, in_fold

SHARED_INPUTS = ["clean_sentences", "fold_members", "clean_test_sentences", "labels"]


def create_pipeline(**kwargs: Any) -> Pipeline:  # noqa: ARG001
    """Wire one namespace per fold, as training does, then collect and average."""
    folds = topology.folds_to_run()
    over_folds = Pipeline(
        [
            node(
                collect_out_of_fold,
                inputs=[in_fold(fold, "validation_scores") for fold in folds],
                outputs="out_of_fold@one",
                name="collect_out_of_fold",
            ),
            node(
                average_folds,
                inputs=[in_fold(fold, "test_scores") for fold in folds],
                outputs="test_scores@one",
                name="average_folds",
            ),
        ]
    )
    return sum((_fold_pipeline(fold) for fold in folds), Pipeline([])) + over_folds


def _fold_pipeline(fold: int) -> Pipeline:
    scores = _scores_of_members(fold)
    return Pipeline(
        [
            node(
                compose,
                inputs={
                    **{name: name for name in [*SHARED_INPUTS, "workspace", *scores]},
                    "composite": "params:composite",
                },
                outputs=["metrics", "validation_scores", "test_scores"],
                name="compose",
            )
        ],
        namespace=fold_name(fold),
        inputs={*SHARED_INPUTS, *scores},
        parameters={"params:composite"},
    )


def _scores_of_members(fold: int) -> list[str]:
    """Name what a fold reads: a combiner is fitted on the validation scores of the other folds."""
    return [
        part.name
        for member in topology.members()
        for part in (
            *(MemberDataset(member, number, "validation") for number in topology.folds_to_run()),
            MemberDataset(member, fold, "test"),
        )
    ]
