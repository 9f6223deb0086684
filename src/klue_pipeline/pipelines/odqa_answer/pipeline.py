"""Readers and runs -> spans of every passage, one answer for each question, predictions."""

from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.pipelines.odqa_answer.nodes import (
    choose_answers,
    collect_candidates,
    read_passages,
    write_predictions,
)
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import fold_name, in_fold

FOLDS, FOLD_MEMBERS = "params:odqa.folds", "odqa.fold_members"
READ = ["odqa.run", "odqa.examples", "odqa.passages", "odqa.gold_passages"]
# What reading depends on, so that another n-best or threshold reads nothing again.
READING = [
    FOLDS,
    "params:odqa.training",
    "params:odqa.answer.top_k",
    "params:odqa.answer.passages",
    "params:odqa.answer.span_score",
    "params:odqa.answer.max_answer_tokens",
    "params:odqa.answer.n_best",
]


def create_pipeline(**_: Any) -> Pipeline:
    """Wire one reading for each fold, then what makes answers of all of them."""
    folds = topology.reading().folds
    readings = sum((_fold_pipeline(fold) for fold in folds), Pipeline([]))
    collect = node(
        collect_candidates,
        inputs=[
            "odqa.passages",
            FOLDS,
            *(in_fold(fold, "candidates", "odqa") for fold in folds),
        ],
        outputs="odqa.candidates",
        name="odqa.collect_candidates",
    )
    return readings + Pipeline([collect, *_answer()])


def _fold_pipeline(fold: int) -> Pipeline:
    return Pipeline(
        [
            node(
                read_passages,
                inputs=["model", *READ, FOLD_MEMBERS, *READING],
                outputs="candidates",
                name="read_passages",
                tags=["gpu"],
            )
        ],
        namespace=fold_name(fold, "odqa"),
        inputs={"model": in_fold(fold, "model", "odqa"), **{name: name for name in READ},
                FOLD_MEMBERS: FOLD_MEMBERS},
        parameters=set(READING),
    )  # fmt: skip


def _answer() -> list[Node]:
    return [
        node(
            choose_answers,
            inputs=[
                "odqa.candidates",
                *READ,
                "odqa.passage_groups",
                FOLD_MEMBERS,
                FOLDS,
                "params:odqa.answer",
            ],
            outputs=["odqa.n_best@one", "odqa.answers@one", "odqa.answer_fit"],
            name="odqa.choose_answers",
        ),
        node(
            write_predictions,
            inputs=["odqa.answers@one", "odqa.n_best@one", "odqa.examples"],
            outputs=["odqa.predictions", "odqa.nbest_predictions", "odqa.answers_table"],
            name="odqa.write_predictions",
        ),
    ]
