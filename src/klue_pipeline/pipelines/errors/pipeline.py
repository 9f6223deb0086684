"""Scores of single rows -> what went wrong, as a table and as a page to read."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.errors.nodes import render_errors, tabulate_errors
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import fold_name, in_fold


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the table and the page; the test scores of every fold tell whether folds disagree."""
    fold_scores = {
        fold_name(fold): in_fold(fold, "test_scores") for fold in topology.folds_to_run()
    }
    shared = ["clean_sentences", "fold_members", "labels", "params:target"]
    return Pipeline(
        [
            node(
                tabulate_errors,
                inputs={
                    "out_of_fold": "out_of_fold@one",
                    "test_scores": "test_scores@one",
                    "clean_sentences": "clean_sentences",
                    "clean_test_sentences": "clean_test_sentences",
                    "test_gold": "test_gold",
                    "fold_members": "fold_members",
                    "labels": "labels",
                    "target": "params:target",
                    **fold_scores,
                },
                outputs="error_rows",
                name="tabulate_errors",
            ),
            node(
                render_errors,
                inputs=["error_rows", *shared, "params:about"],
                outputs=["errors_page", "experiment_errors_page"],
                name="render_errors",
            ),
        ]
    )
