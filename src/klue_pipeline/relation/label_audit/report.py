"""The audit in numbers: what was looked at, how, and what was found."""

from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.relation.label_audit.confident import Judgement
from klue_pipeline.relation.label_audit.rows import AuditedRows
from klue_pipeline.relation.settings.exploration_params import LabelAuditParams

_MOST_CONFUSIONS = 20


def report_audit(
    audited: AuditedRows,
    judgement: Judgement,
    noise: pd.DataFrame,
    settings: LabelAuditParams,
) -> dict[str, Any]:
    """Sum an audit up.

    Args:
        audited: The audited rows.
        judgement: What confident learning says about them.
        noise: The noise of each label.
        settings: How the audit was made.

    Returns:
        - ``method`` and ``settings``;
        - ``rows``: how many there are, how many were audited, and why the others were not;
        - ``agreement_share``: how often the model's best label is the given one. What a model gets
          wrong by itself counts as noise too, so that a weak one finds too much;
        - ``issues``, and ``issue_share`` of the audited rows;
        - ``estimated_noise_share`` of the labels, by the confident joint;
        - ``confusions``: the commonest pairs of given and suggested label among the issues;
        - ``labels_never_predicted`` and ``labels_without_rows``, which cannot be judged.

        Shares from 0 to 1; everything can be written as JSON.
    """
    import cleanlab

    n_issues = int(judgement.is_issue.sum())
    joint = judgement.joint
    has_rows, predicted = noise["support"] > 0, noise["predicted"] > 0
    return {
        "method": f"confident learning (Northcutt et al. 2021), cleanlab {cleanlab.__version__}",
        "settings": settings.model_dump(),
        "rows": {
            "all": audited.n_rows,
            "audited": len(audited),
            "not_scored": audited.n_unscored,
            "without_answer": audited.n_unanswered,
            "scored_more_than_once": audited.n_averaged,
        },
        "agreement_share": float((judgement.margin <= 0).mean()),
        "issues": n_issues,
        "issue_share": n_issues / len(audited),
        "estimated_noise_share": float(1 - joint.trace() / joint.sum()),
        "confusions": _count_confusions(audited, judgement),
        "labels_never_predicted": noise.loc[has_rows & ~predicted, "label"].tolist(),
        "labels_without_rows": noise.loc[~has_rows, "label"].tolist(),
    }


def _count_confusions(audited: AuditedRows, judgement: Judgement) -> list[dict[str, Any]]:
    names = audited.labels.names
    count = len(names)
    pairs = (audited.given * count + judgement.suggested)[judgement.is_issue]
    rows = np.bincount(pairs, minlength=count * count)
    commonest = np.argsort(-rows, kind="stable")[:_MOST_CONFUSIONS].tolist()
    return [
        {
            "given": names[pair // count],
            "suggested": names[pair % count],
            "rows": int(rows[pair]),
        }
        for pair in commonest
        if rows[pair]
    ]
