"""What cleaning did to which row, in enough detail to take it back.

``dropped_rows`` holds every column of each row that left, ``changed_rows`` one line per cell that a
rule changed. :func:`restore_tables` builds the former tables from them.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from klue_pipeline.relation.cleaning.interface import STAYS, Outcome, Tables, give_reasons

CHANGE_COLUMNS = ["file", "row_id", "rule", "column", "before", "after"]

_NEVER_CHANGED = frozenset({"row_id", "source", "given_fold", "problem"})


def list_changes(rule: str, before: Tables, after: Tables) -> pd.DataFrame:
    """Return one line per cell that differs, by file and row; schema ``ChangedRows``.

    Args:
        rule: The rule that changed them.
        before: Rows before.
        after: The same rows in the same order.
    """
    train = _compare("train", rule, before.train, after.train)
    return join_changes([train, _compare("test", rule, before.test, after.test)])


def _compare(file: str, rule: str, before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in before.columns if name not in _NEVER_CHANGED]
    parts = [
        _compare_column(before["row_id"], before[name], after[name])
        for name in columns
        if before[name] is not after[name]
    ]
    changes = pd.concat(parts).sort_index(kind="stable") if parts else pd.DataFrame()
    return changes.assign(file=file, rule=rule).reindex(columns=CHANGE_COLUMNS)


def _compare_column(row_ids: pd.Series, before: pd.Series, after: pd.Series) -> pd.DataFrame:
    differs = before.notna() & (before != after)
    return pd.DataFrame(
        {
            "row_id": row_ids[differs],
            "column": before.name,
            "before": before[differs].astype("str"),
            "after": after[differs].astype("str"),
        }
    )


def list_drops(rule: str, row_numbers: pd.Series, outcome: Outcome) -> pd.DataFrame:
    """Return the rows that a rule drops, whole, with number, rule, reason and the row that stays.

    Args:
        rule: The rule's name.
        row_numbers: Number of each row by its id.
        outcome: What the rule wants.
    """
    rows = outcome.tables.train
    reasons = give_reasons(rows) if outcome.reasons is None else outcome.reasons
    leaves = reasons != STAYS
    kept = reasons.mask(leaves) if outcome.kept_row_ids is None else outcome.kept_row_ids
    return rows[leaves].assign(
        row_number=row_numbers[rows["row_id"][leaves]].to_numpy(),
        rule=rule,
        reason=reasons[leaves].astype("str"),
        kept_row_id=kept[leaves].astype("str"),
    )


def join_drops(drops: Sequence[pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """Return all dropped rows in the order of the file; schema ``DroppedRows``.

    A row that stayed in the place of another, and left by a later rule, hands that on: the
    ``kept_row_id`` of every row stays to the end, or is missing.

    Args:
        drops: What each rule dropped, in the order of the rules.
        rows: Rows before the first rule, for their columns.
    """
    filled = [table for table in drops if len(table)]
    if not filled:
        empty = rows.head(0).assign(row_number=0, rule="", reason="", kept_row_id="")
        types = {"row_number": "int64", "rule": "str", "reason": "str", "kept_row_id": "str"}
        return empty.astype(types)
    dropped = pd.concat(filled).sort_values("row_number").reset_index(drop=True)
    successors = dict(zip(dropped["row_id"], dropped["kept_row_id"], strict=True))
    kept = [_last_successor(row_id, successors) for row_id in dropped["row_id"]]
    return dropped.assign(kept_row_id=pd.Series(kept, dtype="object").astype("str"))


def _last_successor(row_id: str, successors: dict[str, str]) -> str | None:
    while row_id in successors:
        row_id = successors[row_id]
    return None if pd.isna(row_id) else row_id


def join_changes(changes: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return all changes one under the other; schema ``ChangedRows``."""
    filled = [table for table in changes if len(table)]
    joined = pd.concat(filled, ignore_index=True) if filled else pd.DataFrame()
    return joined.reindex(columns=CHANGE_COLUMNS).astype("str")


def restore_tables(
    tables: Tables, dropped_rows: pd.DataFrame, changed_rows: pd.DataFrame
) -> Tables:
    """Take cleaning back: put dropped rows in their places and former values in their cells.

    Args:
        tables: Clean training rows and clean test rows.
        dropped_rows: Rows that left; schema ``DroppedRows``.
        changed_rows: Cells that were changed, in the order of the rules; schema ``ChangedRows``.

    Returns:
        The tables as they were.

    Raises:
        ValueError: The three do not belong together.
    """
    train = _put_back(tables.train, dropped_rows)
    files = {"train": train, "test": tables.test.reset_index(drop=True)}
    for rule in reversed(changed_rows["rule"].unique()):
        by_rule = changed_rows[changed_rows["rule"] == rule]
        files = {
            file: _undo(rows, by_rule[by_rule["file"] == file]) for file, rows in files.items()
        }
    return Tables(**files)


def _put_back(clean: pd.DataFrame, dropped: pd.DataFrame) -> pd.DataFrame:
    n_rows = len(clean) + len(dropped)
    places = dropped["row_number"].to_numpy() - 1
    if len(np.unique(places)) < len(places) or not np.isin(places, np.arange(n_rows)).all():
        raise ValueError(
            f"The numbers of {len(dropped)} dropped rows do not fit {len(clean)} clean rows; take "
            "both from the same run."
        )
    free = np.setdiff1d(np.arange(n_rows), places)
    both = pd.concat([clean, dropped[clean.columns].astype(clean.dtypes)], ignore_index=True)
    return both.iloc[np.argsort(np.concatenate([free, places]))].reset_index(drop=True)


def _undo(rows: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    restored = {}
    for column, part in changes.groupby("column", sort=False):
        name = str(column)
        values = rows[name].copy()
        places = pd.Index(rows["row_id"]).get_indexer(part["row_id"])
        found = values.iloc[places].astype("str").to_numpy()
        if (places < 0).any() or (found != part["after"].to_numpy()).any():
            raise ValueError(
                f"Column {name} is not what {part['rule'].iloc[0]} made of it; take rows and "
                "changes from the same run."
            )
        values.iloc[places] = part["before"].astype(values.dtype).to_numpy()
        restored[name] = values
    return rows.assign(**restored)
