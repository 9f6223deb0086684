"""Cleaned sentences, fold members -> training sentences and a report of what was added.

For a student of other experiments, also rows without labels.
"""

from kedro.pipeline import Pipeline, node
from kedro.pipeline.node import Node

from klue_pipeline.pipelines.augment.nodes import add_unlabelled_rows, augment_sentences
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import earlier_scores

TABLES = (
    "clean_sentences", "fold_members", "labels", "synonyms", "translations", "translation_cache",
)  # fmt: skip


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire augment; scores of earlier experiments are read where a method asks for mistakes."""
    earlier = map(earlier_scores, topology.earlier("augment"))
    added = [_unlabelled_rows()] if topology.teachers() else []
    return Pipeline(
        [
            node(
                augment_sentences,
                inputs={
                    **{name: name for name in (*TABLES, *earlier)},
                    "augment": "params:augment",
                },
                outputs=["training_sentences", "augmentation_report"],
                name="augment_sentences",
            ),
            *added,
        ]
    )


def _unlabelled_rows() -> Node:
    return node(
        add_unlabelled_rows,
        inputs=["raw_unlabelled", "sentences", "labels", "params:ingest", "params:clean"],
        outputs="unlabelled_sentences",
        name="add_unlabelled_rows",
    )
