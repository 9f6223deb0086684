"""Raw files -> labels, sentences, test sentences, gold labels and rejected rows."""

from typing import Any

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.ingest.nodes import (
    parse_test,
    parse_test_gold,
    parse_train,
)


def create_pipeline(**_: Any) -> Pipeline:
    """Wire ingest."""
    return Pipeline(
        [
            node(
                parse_train,
                inputs=[
                    "raw_train",
                    "params:ingest",
                    "params:labels",
                    "params:label_sets",
                    "params:entity_types",
                ],
                outputs=["labels", "sentences", "rejected_rows"],
                name="parse_train",
            ),
            node(
                parse_test,
                inputs=["raw_test", "params:ingest"],
                outputs="test_sentences",
                name="parse_test",
            ),
            node(
                parse_test_gold,
                inputs=[
                    "raw_test_gold",
                    "test_sentences",
                    "labels",
                    "params:ingest",
                    "params:label_sets",
                ],
                outputs="test_gold",
                name="parse_test_gold",
            ),
        ]
    )
