"""Questions, passages and gold links -> folds, and windows of tokens that a reader learns from."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_tokenize.nodes import (
    assign_folds,
    encode_reader_examples,
    make_reader_examples,
    prepare_reader_tokenizer,
)
from klue_pipeline.runs import topology

KNOWN = ["odqa.examples", "odqa.gold_passages", "odqa.passage_groups"]
READER = "params:odqa.reader"


def create_pipeline(**_: Any) -> Pipeline:
    """Wire tokenize; hard passages are those of the run."""
    run = ["odqa.run"] if topology.reading().learns_from_run else []
    return Pipeline(
        [
            node(
                assign_folds,
                inputs=[*KNOWN, "params:odqa.folds"],
                outputs="odqa.fold_members",
                name="odqa.assign_folds",
            ),
            node(
                make_reader_examples,
                inputs=[*KNOWN, "odqa.passages", READER, "params:odqa.augment", *run],
                outputs=["odqa.reader_examples", "odqa.reader_examples_report"],
                name="odqa.make_reader_examples",
            ),
            node(
                prepare_reader_tokenizer,
                inputs=["odqa.reader_examples", "odqa.passages", READER],
                outputs="odqa.reader_tokenizer",
                name="odqa.prepare_reader_tokenizer",
            ),
            node(
                encode_reader_examples,
                inputs=[
                    "odqa.reader_examples",
                    "odqa.reader_tokenizer",
                    READER,
                    "params:odqa.training.max_tokens",
                ],
                outputs="odqa.reader_features",
                name="odqa.encode_reader_examples",
            ),
        ]
    )
