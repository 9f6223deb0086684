"""Carry out what a person decided about rows, such as those that the label audit suspects."""

import logging

import pandas as pd

from klue_pipeline.relation.clean_params import CleanParams
from klue_pipeline.relation.cleaning.interface import (
    STAYS,
    Evidence,
    Outcome,
    Tables,
    replace_train,
)

logger = logging.getLogger(__name__)

COLUMNS = ["row_id", "decision", "new_label"]
DECISIONS = ("keep", "relabel", "drop")
REVIEWED = "reviewed"
_SHOWN = 5
_FILE = "The file of raw.reviewed_rows"


def carry_out_review(tables: Tables, _: CleanParams, evidence: Evidence) -> Outcome:
    """Relabel, drop or keep the rows that the user's table names.

    The table has the columns ``row_id``, ``decision`` (``keep``, ``relabel`` or ``drop``) and
    ``new_label``, which is read with ``relabel`` only. Other columns and rows without a decision
    are left alone, so that a list of suspects that was filled in by half can be handed back.
    ``keep`` confirms a label; it does not keep a row from leaving by a later rule.

    Raises:
        ValueError: Columns are missing, or a row, decision or label is unknown, or a row is decided
            twice; the message names the rows.
    """
    if evidence.reviewed_rows is None:
        return Outcome(tables, counts={"decisions": 0})
    decided = _read_decisions(evidence.reviewed_rows)
    _require_legal(decided, evidence)
    decisions = decided.set_index("row_id")
    decision = tables.train["row_id"].map(decisions["decision"])
    new_labels = tables.train["row_id"].map(decisions["new_label"])
    labels = tables.train["label"].mask(decision == "relabel", new_labels)
    n_by_decision = {name: int((decision == name).sum()) for name in DECISIONS}
    n_missing = len(decided) - sum(n_by_decision.values())
    reasons = pd.Series(STAYS, index=tables.train.index, dtype=object)
    reasons[decision == "drop"] = REVIEWED
    counts = {
        "decisions": len(decided),
        "without_decision": len(evidence.reviewed_rows) - len(decided),
        **n_by_decision,
        "not_here": n_missing,
    }
    _warn_of_missing(n_missing)
    return Outcome(replace_train(tables, label=labels), reasons, counts=counts)


def _read_decisions(reviewed_rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a decision as text without blanks around it."""
    missing = [name for name in COLUMNS if name not in reviewed_rows]
    if missing:
        raise ValueError(
            f"{_FILE} has no column {', '.join(missing)}; found "
            f"{', '.join(map(str, reviewed_rows.columns))}. Wanted are {', '.join(COLUMNS)}."
        )
    texts = reviewed_rows[COLUMNS].astype(object).fillna("").astype(str)
    stripped = pd.DataFrame({name: texts[name].str.strip() for name in COLUMNS})
    return stripped[stripped["decision"] != ""].reset_index(drop=True)


def _require_legal(decided: pd.DataFrame, evidence: Evidence) -> None:
    relabelled = decided["decision"] == "relabel"
    unknown_label = relabelled & ~decided["new_label"].isin(evidence.labels.names)
    checks = {
        "unknown decisions": (
            ~decided["decision"].isin(DECISIONS), f"wanted {', '.join(DECISIONS)} or nothing"
        ),
        "new labels that are not in the label set": (
            unknown_label, f"wanted one of {', '.join(evidence.labels.names)}"
        ),
        "rows that are decided about more than once": (
            decided["row_id"].duplicated(keep=False), "keep one line of each"
        ),
        "ids of no training row": (
            _is_foreign(decided, evidence),
            "correct them, or remove these lines; rows that ingest rejected have no decision",
        ),
    }  # fmt: skip
    for problem, (is_wrong, remedy) in checks.items():
        if is_wrong.any():
            shown = decided[is_wrong].head(_SHOWN).itertuples(index=False, name=None)
            lines = "; ".join(f"row {' '.join(filter(None, line))}" for line in shown)
            raise ValueError(
                f"{_FILE} has {int(is_wrong.sum())} {problem}, first: {lines}. Remedy: {remedy}."
            )


def _is_foreign(decided: pd.DataFrame, evidence: Evidence) -> pd.Series:
    """Find ids of no training row; a sample cannot tell a wrong id from one that it left out."""
    return ~decided["row_id"].isin(evidence.row_ids) & (not evidence.is_sample)


def _warn_of_missing(n_missing: int) -> None:
    if n_missing:
        logger.warning(
            "%d decisions of raw.reviewed_rows are about rows that an earlier rule dropped or that "
            "ingest.max_rows left out; nothing is done about them",
            n_missing,
        )
