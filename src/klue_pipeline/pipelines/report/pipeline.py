"""Scores and training histories -> metrics, tables and figures."""

from kedro.pipeline import Pipeline, node

from klue_pipeline import topology
from klue_pipeline.pipelines.report.nodes import (
    evaluate,
    plot_confusion_matrix,
    plot_learning_curves,
    tabulate_labels,
)


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the report stage; a composite has no training histories to draw."""
    return _judgement() + (Pipeline([]) if topology.experiment_kind() == "composite" else _curves())


def _judgement() -> Pipeline:
    scored = ["out_of_fold@one", "clean_sentences", "labels", "params:target"]
    return Pipeline(
        [
            node(
                evaluate,
                inputs=[
                    "out_of_fold@one",
                    "clean_sentences",
                    "fold_report",
                    "test_scores@one",
                    "test_gold",
                    "labels",
                    "params:target",
                ],
                outputs=["metrics", "experiment_metrics"],
                name="evaluate",
            ),
            node(tabulate_labels, inputs=scored, outputs="per_label", name="tabulate_labels"),
            node(
                plot_confusion_matrix,
                inputs=scored,
                outputs="confusion_matrix",
                name="plot_confusion_matrix",
            ),
        ]
    )


def _curves() -> Pipeline:
    """Read the training history of every fold that is run."""
    histories = {f"fold_{fold}": f"fold_{fold}.history" for fold in topology.folds_to_run()}
    return Pipeline(
        [
            node(
                plot_learning_curves,
                inputs=histories,
                outputs="learning_curves",
                name="plot_learning_curves",
            )
        ]
    )
