"""Sentences -> cleaned sentences, dropped rows -> fold members, fold report."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.clean.nodes import assign_folds, clean_sentences


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire clean."""
    return Pipeline(
        [
            node(
                clean_sentences,
                inputs=["sentences", "labels", "params:clean"],
                outputs=["clean_sentences", "dropped_rows", "cleaning_report"],
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
