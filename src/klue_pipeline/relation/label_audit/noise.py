"""How often each label is wrong, and what it is mistaken for."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.label_audit.confident import Judgement
from klue_pipeline.relation.label_audit.rows import AuditedRows


def tabulate_noise(audited: AuditedRows, judgement: Judgement) -> pd.DataFrame:
    """Estimate the noise of each label, in both directions.

    Returns:
        One row per label in label order; shares from 0 to 1, NaN where nothing is known:

        - ``label``, ``support`` (rows given it), ``predicted`` (rows it is the best label of; a
          label without any is not known to the model, and its noise means nothing);
        - ``issues``: rows given it whose label is probably wrong; ``mean_confidence`` of the model
          in the label where it was given;
        - ``noise_share``, P(true label differs | given this one), the ``likely_true_label`` of
          those rows and its ``likely_true_share``, P(true label is that | given this one);
        - ``estimated_true_rows``, ``missed_share``, P(given label differs | this one is true), the
          ``likely_given_label`` of those rows and its ``likely_given_share``.
    """
    names, count = audited.labels.names, len(audited.labels.names)
    support = np.bincount(audited.given, minlength=count)
    confidence = np.bincount(audited.given, judgement.self_confidence, count)
    noise = _read_noise(judgement.joint, names)
    missed = _read_noise(judgement.joint.T, names)
    return pd.DataFrame(
        {
            "label": names,
            "support": support,
            "predicted": np.bincount(audited.probabilities.argmax(axis=1), minlength=count),
            "issues": np.bincount(audited.given[judgement.is_issue], minlength=count),
            "mean_confidence": _divide(confidence, support),
            "noise_share": noise["share"],
            "likely_true_label": noise["label"],
            "likely_true_share": noise["label_share"],
            "estimated_true_rows": judgement.joint.sum(axis=0),
            "missed_share": missed["share"],
            "likely_given_label": missed["label"],
            "likely_given_share": missed["label_share"],
        }
    )


def _read_noise(joint: NDArray[np.int64], names: list[str]) -> pd.DataFrame:
    """Read, for each label down, the share of other labels across and the commonest of them."""
    total = joint.sum(axis=1)
    others = joint - np.diag(joint.diagonal())
    commonest = others.argmax(axis=1)
    label = np.array(names, dtype=object)[commonest]
    label[others.sum(axis=1) == 0] = None
    share = _divide(others.max(axis=1), total)
    share[others.sum(axis=1) == 0] = np.nan
    return pd.DataFrame(
        {"share": _divide(others.sum(axis=1), total), "label": label, "label_share": share}
    )


def _divide(part: NDArray[np.number], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    shares = np.full(len(part), np.nan)
    np.divide(part, whole, out=shares, where=whole > 0)
    return shares
