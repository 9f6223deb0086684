"""Cleaned sentences, fold members -> training sentences and a report of what was added."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.augment.nodes import augment_sentences
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import earlier_scores

TABLES = (
    "clean_sentences", "fold_members", "labels", "synonyms", "translations", "translation_cache",
)  # fmt: skip


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire augment; scores of earlier experiments are read where a method asks for mistakes."""
    earlier = map(earlier_scores, topology.earlier("augment"))
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
        ]
    )
