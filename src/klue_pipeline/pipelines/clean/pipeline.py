"""Sentences of both files -> clean ones, dropped and changed rows -> fold members, fold report."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.clean.nodes import assign_folds, clean_sentences
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import earlier_scores

TABLES = ("sentences", "test_sentences", "labels", "reviewed_rows")


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire clean; scores of an earlier experiment are read where a rule asks them."""
    earlier = map(earlier_scores, topology.earlier("clean"))
    return Pipeline(
        [
            node(
                clean_sentences,
                inputs={
                    **{name: name for name in (*TABLES, *earlier)},
                    "clean": "params:clean",
                    "ingest": "params:ingest",
                },
                outputs=[
                    "clean_sentences",
                    "clean_test_sentences",
                    "dropped_rows",
                    "changed_rows",
                    "cleaning_report",
                ],
                name="clean_sentences",
            ),
            node(
                assign_folds,
                inputs=["clean_sentences", "params:folds"],
                outputs=["fold_members", "fold_report"],
                name="assign_folds",
            ),
        ]
    )
