"""Which training rows are duplicates or contradict each other, and which of them stay.

Rows are twins if sentence and both entities, with places and types, are the same. Twins with the
same label are exact duplicates; twins with different labels are contradictory.
"""

import logging
from collections.abc import Callable
from typing import Any

import pandas as pd

from klue_pipeline.relation.params import CleanParams, ContradictionRule

logger = logging.getLogger(__name__)

TWIN_COLUMNS = [
    "sentence",
    *(
        f"{role}_{part}"
        for role in ("subject", "object")
        for part in ("text", "start", "end", "type")
    ),
]
STAYS = ""
EXACT_DUPLICATE = "exact_duplicate"
NEGATIVE_TWIN = "negative_twin"
LATER_LABEL = "later_label"
CONTRADICTORY = "contradictory"


def _keep_first(labels: pd.Series, twins: pd.Series, _: str | None) -> pd.Series:
    """Keep what was labelled first."""
    first_labels = labels.groupby(twins).transform("first")
    return _reasons(labels, [(labels != first_labels, LATER_LABEL)])


def _keep_positive(labels: pd.Series, twins: pd.Series, negative: str | None) -> pd.Series:
    """Believe whoever saw a relation; of several positive labels, keep what was labelled first."""
    if negative is None:
        return _keep_first(labels, twins, negative)
    is_negative = labels == negative
    first_positives = labels.mask(is_negative).groupby(twins).transform("first")
    later = ~is_negative & (labels != first_positives)
    return _reasons(labels, [(is_negative, NEGATIVE_TWIN), (later, LATER_LABEL)])


def _drop_all(labels: pd.Series, _: pd.Series, __: str | None) -> pd.Series:
    """Believe nobody."""
    return pd.Series(CONTRADICTORY, index=labels.index, dtype=object)


def _reasons(labels: pd.Series, cases: list[tuple[pd.Series, str]]) -> pd.Series:
    reasons = pd.Series(STAYS, index=labels.index, dtype=object)
    for is_case, reason in cases:
        reasons[is_case] = reason
    return reasons


Rule = Callable[[pd.Series, pd.Series, str | None], pd.Series]
RULES: dict[ContradictionRule, Rule] = {
    "keep_positive": _keep_positive,
    "keep_first": _keep_first,
    "drop_all": _drop_all,
}
"""Each takes labels, twin numbers and the negative label of contradictory rows and returns why
each row leaves, or ``STAYS``."""


def remove_duplicates(
    sentences: pd.DataFrame, negative: str | None, clean: CleanParams
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, Any]]:
    """Drop exact duplicates, the first stays, and resolve contradictory twins by the named rule.

    Args:
        sentences: Labelled rows; schema ``sentences``.
        negative: The label that means *no relation*, if there is one.
        clean: Whether exact duplicates leave, and the rule for contradictory ones.

    Returns:
        The rows that stay, in order. Then those that leave, in order, with ``row_id``, ``reason``,
        ``kept_row_id`` (the twin that stays; missing where none does), ``sentence`` and ``label``.
        Then a report for JSON, in which ``rows_in`` is ``rows_out`` plus the dropped rows.
    """
    rows = sentences.reset_index(drop=True)
    twins = rows.groupby(TWIN_COLUMNS, sort=False, dropna=False).ngroup()
    is_repeated = rows.duplicated([*TWIN_COLUMNS, "label"])
    is_contradictory = rows["label"].groupby(twins).transform("nunique") > 1
    reasons = pd.Series(STAYS, index=rows.index, dtype=object)
    reasons[is_contradictory] = RULES[clean.contradictory_duplicates](
        rows["label"][is_contradictory], twins[is_contradictory], negative
    )
    if clean.drop_exact_duplicates:
        reasons[is_repeated] = EXACT_DUPLICATE
    kept = rows[reasons == STAYS].reset_index(drop=True)
    report = {
        "rows_in": len(rows),
        "rows_out": len(kept),
        "exact_duplicates": int(is_repeated.sum()),
        "contradictory_groups": int(twins[is_contradictory].nunique()),
        **_count_dropped(reasons),
        "contradictory_rule": clean.contradictory_duplicates,
    }
    _log_report(report)
    return kept, _tabulate_dropped(rows, twins, reasons), report


def _count_dropped(reasons: pd.Series) -> dict[str, Any]:
    counts = {
        str(reason): int(n) for reason, n in reasons.value_counts().items() if reason != STAYS
    }
    n_exact = counts.get(EXACT_DUPLICATE, 0)
    return {
        "exact_duplicates_dropped": n_exact,
        "contradictory_rows_dropped": sum(counts.values()) - n_exact,
        "dropped_by_reason": dict(sorted(counts.items())),
    }


def _tabulate_dropped(rows: pd.DataFrame, twins: pd.Series, reasons: pd.Series) -> pd.DataFrame:
    """List the rows that leave; after the rules, all twins that stay say the same."""
    stays = reasons == STAYS
    first_kept = rows["row_id"][stays].groupby(twins[stays]).first()
    dropped = rows.loc[~stays, ["row_id", "sentence", "label"]]
    dropped.insert(1, "reason", reasons[~stays])
    dropped.insert(2, "kept_row_id", twins[~stays].map(first_kept))
    return dropped.astype("str").reset_index(drop=True)


def _log_report(report: dict[str, Any]) -> None:
    logger.info(
        "Cleaning: %d rows in, %d out; %d of %d exact duplicates and %d rows of %d contradictory "
        "groups dropped (%s)",
        report["rows_in"],
        report["rows_out"],
        report["exact_duplicates_dropped"],
        report["exact_duplicates"],
        report["contradictory_rows_dropped"],
        report["contradictory_groups"],
        report["contradictory_rule"],
    )
