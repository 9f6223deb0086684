"""Scores of every experiment on disk -> one blend -> the submission."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.ensemble.nodes import (
    combine_experiments,
    write_experiment_submission,
    write_submission,
)


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the ensemble stage."""
    return Pipeline(
        [
            node(
                combine_experiments,
                inputs=[
                    "out_of_fold@all",
                    "test_scores@all",
                    "clean_sentences",
                    "fold_members",
                    "clean_test_sentences",
                    "labels",
                    "params:ensemble",
                ],
                outputs=["ensemble_scores", "ensemble_report"],
                name="combine_experiments",
            ),
            node(
                write_submission,
                inputs=["ensemble_scores", "clean_test_sentences", "labels"],
                outputs="submission",
                name="write_submission",
            ),
            node(
                write_experiment_submission,
                inputs=["test_scores@one", "clean_test_sentences", "labels"],
                outputs="experiment_submission",
                name="write_experiment_submission",
            ),
        ]
    )
