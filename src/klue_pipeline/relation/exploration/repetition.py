"""What occurs more than once: rows, sentences, entity pairs, within a file and in both files.

Nothing is dropped here. Repeated pairs let a model learn answers by heart, and a split that ignores
them flatters the validation score.
"""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from klue_pipeline.relation.cleaning.duplicates import TWIN_COLUMNS, has_several_labels
from klue_pipeline.relation.cleaning.test_overlap import occurs_in
from klue_pipeline.relation.exploration.comparison import usable_rows

SHARED = {
    "sentence": ["sentence"],
    "pair": ["pair_key"],
    "sentence_and_pair": ["sentence", "pair_key"],
}
"""What rows may have in common, by name; a pair is the two words, whichever is the subject."""


def tabulate_repetition(
    before_cleaning: pd.DataFrame, train: pd.DataFrame, test: pd.DataFrame
) -> pd.DataFrame:
    """Count what is repeated.

    Args:
        before_cleaning: All good training rows, with their duplicates; schema ``Sentences``.
        train: The training rows that cleaning left.
        test: Test rows; those with a ``problem`` are left out.

    Returns:
        One row per ``split`` and ``measure``: ``rows`` concerned, the ``groups`` of equal ones that
        these make up, and their ``share`` of the split's rows, from 0 to 1 (NaN without rows).
        Measures of the rows before cleaning: ``exact_duplicate`` (rows that repeat an earlier one
        with all that was marked and its label) and ``contradictory_label`` (rows that agree in all
        but the label); of train and test: ``repeated_sentence``, ``repeated_pair`` and
        ``repeated_sentence_and_pair`` within the file, and ``sentence_in_test`` and so on in the
        other one; of train, ``pair_with_several_labels``.
    """
    usable = usable_rows(test)
    before = {
        "exact_duplicate": before_cleaning.duplicated([*TWIN_COLUMNS, "label"]),
        "contradictory_label": has_several_labels(before_cleaning, TWIN_COLUMNS),
    }
    within = {"pair_with_several_labels": has_several_labels(train, SHARED["pair"])}
    return pd.DataFrame(
        [
            *_lines("train_before_cleaning", before_cleaning, before, TWIN_COLUMNS),
            *_shared_lines("train", train, "test", usable),
            *_lines("train", train, within, SHARED["pair"]),
            *_shared_lines("test", usable, "train", train),
        ]
    )


def _shared_lines(
    split: str, rows: pd.DataFrame, other_split: str, others: pd.DataFrame
) -> list[dict[str, Any]]:
    lines = []
    for name, columns in SHARED.items():
        repeated = rows.duplicated(columns, keep=False)
        lines += _lines(split, rows, {f"repeated_{name}": repeated}, columns)
        seen = occurs_in(rows, others, columns)
        lines += _lines(split, rows, {f"{name}_in_{other_split}": seen}, columns)
    return lines


def _lines(
    split: str, rows: pd.DataFrame, measures: dict[str, pd.Series], key: Sequence[str]
) -> list[dict[str, Any]]:
    return [
        {
            "split": split,
            "measure": measure,
            "rows": int(concerned.sum()),
            "groups": int(rows.loc[concerned, list(key)].drop_duplicates().shape[0]),
            "share": float(concerned.mean()),
        }
        for measure, concerned in measures.items()
    ]


def list_repeated_pairs(train: pd.DataFrame, n_pairs: int) -> list[dict[str, Any]]:
    """Return the entity pairs with the most training rows, for JSON.

    Returns:
        At most ``n_pairs``, the most frequent first: the two words of the ``pair`` in sorted order,
        ``rows``, and the rows of each of the ``labels``.
    """
    frequent = train["pair_key"].value_counts()
    frequent = frequent[frequent > 1].head(n_pairs)
    labels = train[train["pair_key"].isin(frequent.index)].groupby("pair_key")["label"]
    counts = {str(key): values.value_counts().to_dict() for key, values in labels}
    return [
        {"pair": str(key).split("\t"), "rows": int(n_rows), "labels": counts[str(key)]}
        for key, n_rows in frequent.items()
    ]
