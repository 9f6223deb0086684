"""Nodes of the label audit: what the models of this experiment think of the given labels."""

import logging
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.label_audit import (
    collect_rows,
    judge_labels,
    report_audit,
    tabulate_noise,
    tabulate_suspects,
)
from klue_pipeline.relation.settings.exploration_params import LabelAuditParams
from klue_pipeline.relation.settings.params import TargetParams

logger = logging.getLogger(__name__)

_SHOWN_LABELS = 3
_LEAST_AGREEMENT = 0.8
"""Below this share of labels the model agrees with, it errs more often than labels usually do."""


def audit_labels(
    out_of_fold: ScoreTable,
    clean_sentences: pd.DataFrame,
    reviewed_rows: pd.DataFrame | None,
    labels: LabelSet,
    target: TargetParams,
    label_audit: LabelAuditParams,
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Rank rows by how probably their label is wrong, and estimate the noise of each label.

    Nothing is deleted: a reviewer fills in ``decision`` and ``new_label`` in a copy of the suspects
    and names the copy in ``raw.reviewed_rows``. What such a file says of a suspect stands in the
    next list, so that nobody decides about a row twice. A model of another target than ``all``
    audits the rows that have an answer to its question, in its own labels.

    Returns:
        The suspects, the noise of each label, and the report.
    """
    audited = collect_rows(out_of_fold, clean_sentences, labels, target)
    judgement = judge_labels(audited, label_audit)
    suspects = tabulate_suspects(
        audited, judgement, labels, label_audit.max_suspects, reviewed_rows
    )
    noise = tabulate_noise(audited, judgement)
    report = report_audit(audited, judgement, noise, label_audit)
    _log(report, suspects)
    return suspects, noise, report


def plot_label_audit(label_noise: pd.DataFrame, label_audit_report: dict[str, Any]) -> Any:
    """Draw the noise of each label.

    Returns:
        A matplotlib figure; not annotated as one, see
        :func:`klue_pipeline.pipelines.report.nodes.plot_confusion_matrix`.
    """
    from klue_pipeline.relation.label_audit.figure import draw_label_audit

    return draw_label_audit(label_noise, label_audit_report)


def _log(report: dict[str, Any], suspects: pd.DataFrame) -> None:
    rows = report["rows"]
    logger.info(
        "Label audit: %d of %d rows are called issues; listed the %d most suspect, %d of them "
        "decided before. %d rows were not scored, %d have no answer to the model's question.",
        report["issues"], rows["audited"], len(suspects), (suspects["decision"] != "").sum(),
        rows["not_scored"], rows["without_answer"],
    )  # fmt: skip
    if report["agreement_share"] < _LEAST_AGREEMENT:
        logger.warning(
            "The model agrees with only %.0f%% of the labels: most issues are probably its own "
            "errors, not errors of the labels; audit with a better model.",
            100 * report["agreement_share"],
        )
    if unknown := report["labels_never_predicted"]:
        logger.warning(
            "The model never predicts %d labels, such as %s; do not trust what the audit says "
            "about them. labels_never_predicted in label_audit.json lists them all.",
            len(unknown),
            ", ".join(unknown[:_SHOWN_LABELS]),
        )
