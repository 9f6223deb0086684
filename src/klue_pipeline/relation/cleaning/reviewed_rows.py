"""Carry out what a person decided about rows, such as those that the label audit suspects."""

import logging
from itertools import islice

import pandas as pd

from klue_pipeline.relation.cleaning.interface import (
    Evidence,
    Outcome,
    Tables,
    give_reasons,
    replace_train,
)
from klue_pipeline.relation.settings.clean_params import CleanParams
from klue_pipeline.text.counts import counted
from klue_pipeline.text.csv_lines import hint_at_header
from klue_pipeline.text.lookalikes import hint_at_lookalikes
from klue_pipeline.text.shortened import list_shortly, shorten

logger = logging.getLogger(__name__)

COLUMNS = ["row_id", "decision", "new_label"]
DECISIONS = ("keep", "relabel", "drop")
REVIEWED = "reviewed"
_GIVEN_LABEL = "given_label"
_SHOWN = 5
_FILE = "The file of raw.reviewed_rows"


def carry_out_review(tables: Tables, _: CleanParams, evidence: Evidence) -> Outcome:
    """Relabel, drop or keep the rows that the user's table names.

    The table has the columns ``row_id``, ``decision`` (``keep``, ``relabel`` or ``drop``, in any
    case) and ``new_label``, which is read with ``relabel`` only. Lines without a decision are left
    alone, so that a list of suspects that was filled in by half can be handed back; lines that say
    the same count once, so that the lists of several rounds can be put into one file. ``keep``
    confirms a label; it does not keep a row from leaving by a later rule.

    A column ``given_label``, as lists of suspects have it, is compared with the labels: where they
    differ, the list may be of another file. Other columns are not read.

    Raises:
        ValueError: Columns are missing, or a row, decision or label is unknown or missing, or a row
            is decided in two ways; the message names the rows.
    """
    if evidence.reviewed_rows is None:
        return Outcome(tables, counts={"decisions": 0})
    lines = read_decisions(evidence.reviewed_rows)
    decided = lines.drop_duplicates(COLUMNS)
    _require_legal(decided, evidence)
    train = tables.train
    by_row = decided.set_index("row_id").reindex(train["row_id"]).set_axis(train.index)
    counts = {
        "decisions": len(decided),
        **_count_decisions(by_row, train["label"]),
        "not_here": int((~decided["row_id"].isin(train["row_id"])).sum()),
        "undecided": len(evidence.reviewed_rows) - len(lines),
        "lines_that_say_the_same": len(lines) - len(decided),
        "given_label_differs": int(_contradicts(by_row, train["label"]).sum()),
    }
    _log(counts, len(evidence.reviewed_rows))
    _warn_of_missing(decided, tables, evidence)
    _warn_of_other_labels(by_row, train)
    labels = train["label"].mask(by_row["decision"] == "relabel", by_row["new_label"])
    reasons = give_reasons(train, (by_row["decision"] == "drop", REVIEWED))
    return Outcome(replace_train(tables, label=labels), reasons, counts=counts)


def read_decisions(reviewed_rows: pd.DataFrame) -> pd.DataFrame:
    """Return the lines with a decision, as text without blanks around it.

    Args:
        reviewed_rows: A table with at least the columns :data:`COLUMNS`.

    Returns:
        Columns ``row_id``, ``decision`` in small letters, ``new_label``, empty but for ``relabel``,
        and ``given_label``, empty if the table does not have it; index from 0.

    Raises:
        ValueError: Columns are missing.
    """
    missing = [name for name in COLUMNS if name not in reviewed_rows]
    if missing:
        raise ValueError(
            f"{_FILE} has no column {', '.join(missing)}; found "
            f"{list_shortly(reviewed_rows.columns)}. Wanted are {', '.join(COLUMNS)} in the first "
            f"line, separated by commas.{hint_at_header(reviewed_rows.columns, missing)}"
        )
    columns = [*COLUMNS, _GIVEN_LABEL]
    texts = reviewed_rows.reindex(columns=columns).astype(object).fillna("").astype(str)
    lines = pd.DataFrame({name: texts[name].str.strip() for name in columns})
    lines["decision"] = lines["decision"].str.lower()
    lines["new_label"] = lines["new_label"].where(lines["decision"] == "relabel", "")
    return lines[lines["decision"] != ""].reset_index(drop=True)


def _count_decisions(by_row: pd.DataFrame, labels: pd.Series) -> dict[str, int]:
    """Count what happens to the rows; a row that has its new label already is not relabelled."""
    is_relabel = by_row["decision"] == "relabel"
    has_it = by_row["new_label"] == labels
    found = {
        "dropped": by_row["decision"] == "drop",
        "relabelled": is_relabel & ~has_it,
        "had_the_new_label": is_relabel & has_it,
        "kept": by_row["decision"] == "keep",
    }
    return {name: int(rows.sum()) for name, rows in found.items()}


def _contradicts(by_row: pd.DataFrame, labels: pd.Series) -> pd.Series:
    """Find rows whose label is not the one that the list shows.

    A list that was made after a row was relabelled shows its new label, and data that were
    corrected outside have it already: neither is a contradiction.
    """
    given, new_label = by_row[_GIVEN_LABEL].fillna(""), by_row["new_label"]
    explained = (new_label != "") & ((new_label == given) | (new_label == labels))
    return (given != "") & (given != labels) & ~explained


def _require_legal(decided: pd.DataFrame, evidence: Evidence) -> None:
    is_relabel = decided["decision"] == "relabel"
    is_bare = is_relabel & (decided["new_label"] == "")
    _require_new_labels(decided[is_bare])
    checks = {
        "unknown decisions": (
            ~decided["decision"].isin(DECISIONS), f"wanted {', '.join(DECISIONS)} or nothing"
        ),
        "new labels that are not in the label set": (
            is_relabel & ~decided["new_label"].isin(evidence.labels.names),
            f"wanted one of {', '.join(evidence.labels.names)}",
        ),
        "rows that are decided about more than once": (
            decided["row_id"].duplicated(keep=False), "keep one line of each"
        ),
        "ids of no training row": (
            ~decided["row_id"].isin(evidence.row_ids) & (not evidence.is_sample),
            "correct them, or remove these lines; rows that ingest rejected have no decision",
        ),
    }  # fmt: skip
    for problem, (is_wrong, remedy) in checks.items():
        if is_wrong.any():
            shown = decided[is_wrong][COLUMNS].head(_SHOWN).itertuples(index=False, name=None)
            lines = "; ".join(f"row {shorten(' '.join(filter(None, line)))}" for line in shown)
            hint = hint_at_lookalikes(decided["new_label"][is_wrong], evidence.labels.names)
            raise ValueError(
                f"{_FILE} has {int(is_wrong.sum())} {problem}, first: {lines}.{hint} "
                f"Remedy: {remedy}."
            )


def _require_new_labels(bare: pd.DataFrame) -> None:
    if len(bare):
        lines = (f"row {row_id}: relabel needs a new_label" for row_id in bare["row_id"])
        raise ValueError(
            f"{_FILE} has {len(bare)} decisions without a label, first: "
            f"{'; '.join(islice(lines, _SHOWN))}. Remedy: fill in new_label, or empty decision."
        )


def _log(counts: dict[str, int], n_lines: int) -> None:
    logger.info(
        "Review: of %d rows decided about, %d are dropped, %d relabelled (%d more have that label "
        "already), %d kept, %d are not here; %d lines are undecided.",
        counts["decisions"], counts["dropped"], counts["relabelled"], counts["had_the_new_label"],
        counts["kept"], counts["not_here"], counts["undecided"],
    )  # fmt: skip
    if not counts["decisions"]:
        logger.warning(
            "The file of raw.reviewed_rows decides nothing: decision is empty in all of its %d "
            "lines. Fill in keep, relabel or drop.",
            n_lines,
        )


def _warn_of_missing(decided: pd.DataFrame, tables: Tables, evidence: Evidence) -> None:
    """Tell of decisions about rows that are not here; ids that cannot be any row's are refused."""
    row_ids = decided["row_id"]
    is_known = row_ids.isin(evidence.row_ids)
    dropped = row_ids[is_known & ~row_ids.isin(tables.train["row_id"])]
    for missing, why in [
        (dropped, "that an earlier rule dropped"),
        (row_ids[~is_known], "that ingest.max_rows left out or that are in no file"),
    ]:
        if len(missing):
            logger.warning(
                "Nothing is done about %s of raw.reviewed_rows on rows %s, first: %s.",
                counted(len(missing), "decision"),
                why,
                ", ".join(missing.head(_SHOWN)),
            )


def _warn_of_other_labels(by_row: pd.DataFrame, train: pd.DataFrame) -> None:
    differs = _contradicts(by_row, train["label"])
    if not differs.any():
        return
    shown = zip(
        train["row_id"][differs], by_row[_GIVEN_LABEL][differs], train["label"][differs],
        strict=True,
    )  # fmt: skip
    logger.warning(
        "The file of raw.reviewed_rows has %s whose given_label is not the row's label, first: %s. "
        "The list may be of another file, or was carried out already; its decisions are carried "
        "out all the same.",
        counted(int(differs.sum()), "decision"),
        "; ".join(
            f"row {row_id} {given}, now {now}" for row_id, given, now in islice(shown, _SHOWN)
        ),
    )
