"""Answers of every experiment on disk -> one answer to each test question."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.odqa_ensemble.nodes import combine_experiments, render_ensemble


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the ensemble of answers."""
    return Pipeline(
        [
            node(
                combine_experiments,
                inputs=[
                    "odqa.n_best@all",
                    "odqa.answers@all",
                    "odqa.all_answer_fits",
                    "odqa.answer_bundles",
                    "odqa.examples",
                    "odqa.gold_passages",
                    "odqa.passage_groups",
                    "odqa.passages",
                    "params:odqa.ensemble",
                    "params:odqa.evaluation",
                ],
                outputs=[
                    "odqa.ensemble_predictions@one",
                    "odqa.ensemble_nbest_predictions",
                    "odqa.ensemble_report@one",
                ],
                name="odqa.combine_experiments",
            ),
            node(
                render_ensemble,
                inputs="odqa.ensemble_report@one",
                outputs="odqa.ensemble_page",
                name="odqa.render_ensemble",
            ),
        ]
    )
