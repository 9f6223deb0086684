"""Scores of every experiment on disk -> one blend -> the submission."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.ensemble.nodes import (
    combine_experiments,
    render_ensemble,
    write_blend_submissions,
    write_experiment_submission,
    write_submission,
)


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the ensemble stage."""
    return _blend() + _submissions()


def _blend() -> Pipeline:
    return Pipeline(
        [
            node(
                combine_experiments,
                inputs=[
                    "out_of_fold@all",
                    "test_scores@all",
                    "all_fold_test_scores",
                    "score_bundles",
                    "plain_submissions",
                    "clean_sentences",
                    "fold_members",
                    "clean_test_sentences",
                    "labels",
                    "density_ratios",
                    "text_shift",
                    "params:ensemble",
                    "params:evaluation",
                ],
                outputs=[
                    "ensemble_scores@one",
                    "ensemble_out_of_fold@one",
                    "blend_scores",
                    "ensemble_report@one",
                    "ensemble_target_prior@one",
                    "ensemble_diversity",
                ],
                name="combine_experiments",
            ),
            node(
                render_ensemble,
                inputs=["ensemble_report@one", "ensemble_diversity"],
                outputs="ensemble_page",
                name="render_ensemble",
            ),
        ]
    )


def _submissions() -> Pipeline:
    written_for = ["clean_test_sentences", "labels"]
    return Pipeline(
        [
            node(
                write_submission,
                inputs=["ensemble_scores@one", *written_for],
                outputs="submission",
                name="write_submission",
            ),
            node(
                write_blend_submissions,
                inputs=["blend_scores", *written_for],
                outputs="blend_submissions",
                name="write_blend_submissions",
            ),
            node(
                write_experiment_submission,
                inputs=["test_scores@one", *written_for],
                outputs="experiment_submission",
                name="write_experiment_submission",
            ),
        ]
    )
