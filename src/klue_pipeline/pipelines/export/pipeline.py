"""Models, scores and settings of this experiment -> one folder to hand out, with a model card."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.export.nodes import export_model
from klue_pipeline.runs import topology
from klue_pipeline.runs.dataset_names import REFIT_METRICS, REFIT_MODEL
from klue_pipeline.runs.kept_weights import inputs_of_export


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the export of the folds that are run, or of the best of them, and of the refit."""
    models = inputs_of_export(topology.folds_to_run(), topology.keep_weights())
    if topology.refits():
        models |= {"refit": REFIT_MODEL, "refit_metrics": REFIT_METRICS}
    return Pipeline(
        [
            node(
                export_model,
                inputs={
                    "clean_sentences": "clean_sentences",
                    "fold_report": "fold_report",
                    "labels": "labels",
                    "calibration": "calibration",
                    "experiment_metrics": "experiment_metrics",
                    "per_label": "per_label",
                    "about": "params:about",
                    "raw": "params:raw",
                    "input_params": "params:input",
                    "encoder": "params:encoder",
                    "head": "params:head",
                    "loss": "params:loss",
                    "augment": "params:augment",
                    "target": "params:target",
                    "max_tokens": "params:training.max_tokens",
                    "evaluation": "params:evaluation",
                    "export": "params:export",
                    **models,
                },
                outputs="exported_model",
                name="export_model",
            )
        ]
    )
