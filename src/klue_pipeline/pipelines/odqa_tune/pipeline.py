"""Questions and passages -> a study of the reader or the retriever -> report, entry and figures."""

from typing import Any

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.odqa.tuning.searched import SEARCHABLE, groups_of_retriever
from klue_pipeline.pipelines.odqa_tune.nodes import (
    draw_search,
    report_search,
    search_reader_settings,
    search_retriever_settings,
)
from klue_pipeline.runs import topology

_TABLES = ("examples", "passages", "gold_passages", "passage_groups")
_OF_READER = ("reader_examples", "reader_tokenizer", "reader_features", "fold_members")
_JUDGED = ["params:odqa.tune", "params:odqa.evaluation", "params:odqa.about"]
_FIGURES = ("history", "importance", "slices", "parallel")


def create_pipeline(**_: Any) -> Pipeline:
    """Wire the search of one part."""
    part = topology.tuning().part
    trials = f"odqa.trials_{part}"
    return Pipeline(
        [
            _search_reader(trials) if part == "reader" else _search_retriever(trials),
            node(
                report_search,
                inputs=[trials, f"odqa.finalists_{part}", "parameters", *_JUDGED],
                outputs=[f"odqa.tune_report_{part}", f"odqa.tuned_entry_{part}"],
                name="odqa.report_search",
            ),
            node(
                draw_search,
                inputs=[trials, "parameters", *_JUDGED],
                outputs=[f"odqa.tune_{figure}_figure_{part}" for figure in _FIGURES],
                name="odqa.draw_search",
            ),
        ]
    )


def _search_reader(trials: str) -> Node:
    groups = ["folds", "augment", "reader", "head", "training", "answer.max_answer_tokens"]
    inputs = {name: f"odqa.{name}" for name in (*_TABLES, *_OF_READER)}
    if topology.tuning().reads_run:
        inputs["run"] = "odqa.run"
    return node(
        search_reader_settings,
        inputs=inputs | _settings(groups),
        outputs=[trials, "odqa.finalists_reader"],
        name="odqa.search_reader_settings",
        tags=["gpu"],
    )


def _search_retriever(trials: str) -> Node:
    retrieval = topology.retrieval()
    found = {**retrieval.retrievers, **retrieval.negatives}
    own = {name: groups_of_retriever(name, each) for name, each in found.items()}
    groups = dict.fromkeys(group for each in own.values() for group in each)
    inputs = {name: f"odqa.{name}" for name in (*_TABLES, "cache")}
    if "encoder" in groups and _needs_tokenizer(retrieval):
        inputs["tokenizer"] = "odqa.tokenizer"
    for name, each in retrieval.negatives.items():
        if each.name not in SEARCHABLE:
            inputs["negatives_run"] = f"odqa.run_{name}"
    return node(
        search_retriever_settings,
        inputs=inputs | _settings([*groups, "retrieval"]),
        outputs=[trials, "odqa.finalists_retriever"],
        name="odqa.search_retriever_settings",
        tags=["gpu"],
    )


def _needs_tokenizer(retrieval: topology.Retrieval) -> bool:
    return retrieval.trains or any(
        each.tokens == "wordpiece" for each in retrieval.searched.values()
    )


def _settings(groups: list[str]) -> dict[str, str]:
    """Name what trials have in common unless it is searched, so that lineage knows of it."""
    read = [*_JUDGED, *(f"params:odqa.{group}" for group in groups)]
    named = {f"read_{place}": name for place, name in enumerate(read)}
    return {"scratch": "odqa.tune_scratch", "parameters": "parameters", **named}
