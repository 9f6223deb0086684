"""Out-of-fold scores, clean sentences -> suspects, noise of each label, report, figure."""

from kedro.pipeline import Pipeline, node

from klue_pipeline.pipelines.label_audit.nodes import audit_labels, plot_label_audit


def create_pipeline(**kwargs: object) -> Pipeline:  # noqa: ARG001 - Kedro's signature
    """Wire the label audit."""
    return Pipeline(
        [
            node(
                audit_labels,
                inputs=[
                    "out_of_fold@one",
                    "clean_sentences",
                    "reviewed_rows",
                    "labels",
                    "params:target",
                    "params:label_audit",
                ],
                outputs=["label_suspects", "label_noise", "label_audit_report"],
                name="audit_labels",
            ),
            node(
                plot_label_audit,
                inputs=["label_noise", "label_audit_report"],
                outputs="label_audit_figure",
                name="plot_label_audit",
            ),
        ]
    )
