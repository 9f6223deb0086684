"""Scores and training histories -> metrics, tables and figures."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.report.nodes import (
    calibrate,
    evaluate,
    plot_confusion_matrix,
    plot_learning_curves,
    plot_reliability,
    plot_sensitivity,
    render_prediction,
    resolve_target_prior,
    slice_scores,
    tabulate_labels,
    trace_sensitivity,
    weigh_texts,
)
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import fold_name, in_fold


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the report stage; a composite has no training histories to draw."""
    curves = Pipeline([]) if topology.experiment_kind() == "composite" else _curves()
    return _judgement() + _labels() + _doubts() + curves


SCORED = ["out_of_fold@one", "clean_sentences", "labels", "params:target"]
"""What is needed to judge out-of-fold scores."""


def _judgement() -> Pipeline:
    """Find out where the submission will be judged, score it, and say what it will reach there."""
    by_fold = {fold_name(fold): in_fold(fold, "test_scores") for fold in topology.folds_to_run()}
    return Pipeline(
        [
            node(
                weigh_texts,
                inputs=["clean_sentences", "clean_test_sentences", "params:eda"],
                outputs=["density_ratios", "text_shift"],
                name="weigh_texts",
            ),
            node(
                resolve_target_prior,
                inputs=[*SCORED, "test_scores@one", "params:evaluation"],
                outputs="target_prior",
                name="resolve_target_prior",
            ),
            node(
                evaluate,
                inputs={
                    "out_of_fold": "out_of_fold@one",
                    "clean_sentences": "clean_sentences",
                    "fold_report": "fold_report",
                    "target_prior": "target_prior",
                    "density_ratios": "density_ratios",
                    "text_shift": "text_shift",
                    "test_scores": "test_scores@one",
                    "test_gold": "test_gold",
                    "labels": "labels",
                    "target": "params:target",
                    "evaluation": "params:evaluation",
                    **by_fold,
                },
                outputs=["metrics", "experiment_metrics"],
                name="evaluate",
            ),
            node(
                render_prediction,
                inputs=["experiment_metrics", "params:about"],
                outputs="prediction_page",
                name="render_prediction",
            ),
        ]
    )


def _labels() -> Pipeline:
    """Look at single labels, and at which of them are taken for which."""
    return Pipeline(
        [
            node(tabulate_labels, inputs=SCORED, outputs="per_label", name="tabulate_labels"),
            node(
                plot_confusion_matrix,
                inputs=[*SCORED, "params:about"],
                outputs="confusion_matrix",
                name="plot_confusion_matrix",
            ),
        ]
    )


def _doubts() -> Pipeline:
    """Look at how far the scores can be believed: by confidence, by kind of row, by prior."""
    return Pipeline(
        [
            node(
                calibrate, inputs=SCORED, outputs=["calibration", "reliability"], name="calibrate"
            ),
            node(
                plot_reliability,
                inputs=["reliability", "params:about"],
                outputs="reliability_figure",
                name="plot_reliability",
            ),
            node(
                slice_scores,
                inputs=[
                    "out_of_fold@one",
                    "clean_sentences",
                    "fold_members",
                    "labels",
                    "params:target",
                    "params:evaluation",
                ],
                outputs="slices",
                name="slice_scores",
            ),
            node(
                trace_sensitivity,
                inputs=[*SCORED, "params:evaluation"],
                outputs="shift_sensitivity",
                name="trace_sensitivity",
            ),
            node(
                plot_sensitivity,
                inputs=["shift_sensitivity", "target_prior", "params:about"],
                outputs="shift_sensitivity_figure",
                name="plot_sensitivity",
            ),
        ]
    )


def _curves() -> Pipeline:
    """Read the training history of every fold that is run."""
    histories = {fold_name(fold): in_fold(fold, "history") for fold in topology.folds_to_run()}
    return Pipeline(
        [
            node(
                plot_learning_curves,
                inputs={"about": "params:about", **histories},
                outputs="learning_curves",
                name="plot_learning_curves",
            )
        ]
    )
