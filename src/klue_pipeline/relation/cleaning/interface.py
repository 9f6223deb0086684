"""What a cleaning rule gets and gives.

A rule only says which rows leave and what other rows should look like; taking rows out and keeping
the books is the driver's job, so that no rule can lose a row or a former value.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.ingest.sentence_table import pair_key
from klue_pipeline.relation.settings.clean_params import CleanParams

ROLES = ("subject", "object")
STAYS = ""
"""In the place of a reason: the row does not leave."""


@dataclass(frozen=True)
class Tables:
    """Both files' rows.

    Attributes:
        train: Labelled rows; schema ``Sentences``, index from 0.
        test: Test rows; schema ``TestSentences``, index from 0.
    """

    train: pd.DataFrame
    test: pd.DataFrame


@dataclass(frozen=True)
class Evidence:
    """What rules may ask besides the rows and the settings.

    Attributes:
        labels: The task's labels.
        row_ids: Ids of the training rows before the first rule.
        is_sample: Whether training rows were left out on purpose before (``ingest.max_rows``).
        reviewed_rows: The user's decisions about rows, or None.
        earlier_scores: Out-of-fold scores of the experiment that the settings name, or None.
    """

    labels: LabelSet
    row_ids: frozenset[str]
    is_sample: bool = False
    reviewed_rows: pd.DataFrame | None = None
    earlier_scores: ScoreTable | None = None


@dataclass(frozen=True)
class Outcome:
    """What a rule wants.

    Attributes:
        tables: The same rows in the same order, with some cells changed.
        reasons: Why each training row leaves, or :data:`STAYS`; None if none leaves. Index as
            ``tables.train``.
        kept_row_ids: The id of the row that stays in the place of each that leaves, missing where
            there is none; None if there is none for any. Index as ``tables.train``.
        counts: What the report says of the rule besides rows and changes; fit for JSON.
    """

    tables: Tables
    reasons: pd.Series | None = None
    kept_row_ids: pd.Series | None = None
    counts: dict[str, Any] = field(default_factory=dict)


Rule = Callable[[Tables, CleanParams, Evidence], Outcome]


def give_reasons(rows: pd.DataFrame, *cases: tuple[pd.Series, str]) -> pd.Series:
    """Say why each row leaves: a mask and the reason of its rows; all others stay."""
    reasons = pd.Series(STAYS, index=rows.index, dtype=object)
    for is_case, reason in cases:
        reasons[is_case] = reason
    return reasons


def replace_train(tables: Tables, **columns: Any) -> Tables:
    """Return the tables with columns of the training rows replaced, and derived ones to match."""
    return replace(tables, train=with_columns(tables.train, **columns))


def with_columns(rows: pd.DataFrame, **columns: Any) -> pd.DataFrame:
    """Return rows with columns replaced, and those that follow from them.

    ``type_pair`` and ``pair_key`` are made anew if types or words are among ``columns``.
    """
    changed = rows.assign(**columns)
    if any(name.endswith("_type") for name in columns):
        changed["type_pair"] = changed["subject_type"] + ":" + changed["object_type"]
    if any(name.endswith("_text") for name in columns):
        pairs = zip(changed["subject_text"], changed["object_text"], strict=True)
        keys = [pair_key(*pair) for pair in pairs]
        changed["pair_key"] = pd.Series(keys, index=changed.index, dtype=rows["pair_key"].dtype)
    return changed


def is_readable(rows: pd.DataFrame) -> pd.Series:
    """Say of each row whether it holds text of its own: test rows with a ``problem`` do not."""
    if "problem" in rows:
        return rows["problem"].isna()
    return pd.Series(data=True, index=rows.index, dtype=bool)
