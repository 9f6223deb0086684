"""Windows and folds -> one reader for each fold."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_train.nodes import train_reader
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import fold_name

SHARED_INPUTS = {
    "odqa.reader_features",
    "odqa.reader_examples",
    "odqa.fold_members",
    "odqa.reader_tokenizer",
}
PARAMETERS = [
    "params:odqa.folds",
    "params:odqa.reader",
    "params:odqa.head",
    "params:odqa.training",
    "params:odqa.answer.max_answer_tokens",
]


def create_pipeline(**_: Any) -> Pipeline:
    """Wire one namespace for each fold, so that a fold can be rerun or sent elsewhere."""
    return sum((_fold_pipeline(fold) for fold in topology.reading().folds), Pipeline([]))


def _fold_pipeline(fold: int) -> Pipeline:
    return Pipeline(
        [
            node(
                train_reader,
                inputs=[
                    "odqa.reader_features",
                    "odqa.reader_examples",
                    "odqa.fold_members",
                    "odqa.reader_tokenizer",
                    "workspace",
                    *PARAMETERS,
                ],
                outputs=["metrics", "history", "model"],
                name="train_reader",
                tags=["gpu"],
            )
        ],
        namespace=fold_name(fold, "odqa"),
        inputs=SHARED_INPUTS,
        parameters=set(PARAMETERS),
    )
