"""Cleaned sentences, fold members -> training sentences."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.augment.nodes import augment_sentences


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire augment."""
    return Pipeline(
        [
            node(
                augment_sentences,
                inputs=["clean_sentences", "fold_members", "params:augment"],
                outputs="training_sentences",
                name="augment_sentences",
            ),
        ]
    )
