"""What test rows have and training rows lack: no weighing of training rows can stand for these."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.exploration.comparison import (
    NOT_GIVEN,
    bin_numbers,
    compare_shares,
    name_missing,
)
from klue_pipeline.relation.exploration.row_measures import TEST, measure_rows
from klue_pipeline.text.shortened import shorten

LARGEST_RATIO = 20.0
"""Test rows whose like is rarer than this in training count as not supported; ratios end here."""

TYPE_PAIR = "type_pair"
"""The fact that decides which relations are possible."""

_MEASURES = ("subject_characters", "object_characters", "entity_distance", "characters")
_N_EXAMPLES, _N_FACTS = 3, 12
_EXAMPLE_CHARACTERS = 80


def describe_support(rows: pd.DataFrame, density_ratios: pd.DataFrame) -> dict[str, Any]:
    """Count the test rows that training has no like of, and name what they have.

    Args:
        rows: Rows of both files, with ``split``.
        density_ratios: Their ratios; may be empty.

    Returns:
        For JSON: ``unsupported``, the share of test rows at the largest ratio, from 0 to 1 (None
        without ratios); ``unknown_type_pairs``, that of test rows with a pair of types that
        training hardly has; and ``lacking``, most frequent first: ``fact``, ``value``, its share of
        both files, and ``examples``, the beginnings of some test sentences.
    """
    facts = _facts_of(rows)
    is_test = (rows["split"] == TEST).to_numpy()
    lacking = [
        found
        for name, values in facts.items()
        for found in _lacking_values(name, values, rows, is_test)
    ]  # fmt: skip
    lacking.sort(key=lambda found: -found["test_share"])
    types = [found["test_share"] for found in lacking if found["fact"] == TYPE_PAIR]
    return {
        "unsupported": _share_at_the_limit(density_ratios),
        "unknown_type_pairs": float(sum(types)),
        "lacking": lacking[:_N_FACTS],
    }


def _facts_of(rows: pd.DataFrame) -> dict[str, pd.Series]:
    measures = measure_rows(rows)
    return {
        TYPE_PAIR: name_missing(rows["subject_type"]) + ":" + name_missing(rows["object_type"]),
        "source": name_missing(rows["source"]),
        **{name: bin_numbers(measures[name], name).astype("str") for name in _MEASURES},
    }


def _lacking_values(
    name: str, values: pd.Series, rows: pd.DataFrame, is_test: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """List the values of a fact that are so much rarer in training that no ratio reaches so far.

    What a whole file does not state tells formats apart, not rows.
    """
    sides = values[~is_test], values[is_test]
    if any(side.str.contains(NOT_GIVEN, regex=False).all() for side in sides):
        return []
    shares = compare_shares(*sides)
    lacks = shares["test_share"] >= LARGEST_RATIO * shares["train_share"]
    found = shares[lacks].to_dict("records")
    return [_describe(name, value, rows[is_test & (values == value["value"])]) for value in found]


def _describe(name: str, shares: Mapping[Any, Any], having: pd.DataFrame) -> dict[str, Any]:
    return {
        "fact": name,
        "value": shares["value"],
        "train_share": float(shares["train_share"]),
        "test_share": float(shares["test_share"]),
        "examples": [
            shorten(text, _EXAMPLE_CHARACTERS) for text in having["sentence"].head(_N_EXAMPLES)
        ],
    }


def _share_at_the_limit(density_ratios: pd.DataFrame) -> float | None:
    of_test = density_ratios.loc[density_ratios["split"] == TEST, "log_ratio"]
    return float((of_test >= np.log(LARGEST_RATIO)).mean()) if len(of_test) else None
