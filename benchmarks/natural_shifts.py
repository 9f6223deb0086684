"""Natural shifts made of one labelled file: rows to train on, and others to be judged on.

Each shift takes two kinds of rows out of a contest file, so that the true labels of the judged ones
are at hand. Nothing is made up; only which rows stand on which side is chosen.
"""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.relation.ingest.sentence_table import pair_key

Mask = NDArray[np.bool_]

NEGATIVE = "no_relation"
JUDGED_ROWS = 2000
THINNED_SHARE, THICKENED_SHARE = 0.15, 0.60
"""Shares of rows without a relation on both sides of ``negatives``."""

_SHORT_ENTITY = 3
_SHORT_SENTENCE, _MIDDLE_SENTENCE, _LONG_SENTENCE = 80, 100, 120
_LEFT_OUT_PAIRS = ("PER:ORG", "ORG:LOC", "ORG:POH")


@dataclass(frozen=True)
class Sides:
    """Which rows may train and which may be judged. Shape of each: (rows,)."""

    train: Mask
    judged: Mask


def read_rows(path: Path) -> pd.DataFrame:
    """Read a contest file, and add what shifts look at: words, types, pair, and length."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    for role in ("subject", "object"):
        entities = rows[f"{role}_entity"].map(ast.literal_eval)
        rows[f"{role}_word"] = entities.str["word"]
        rows[f"{role}_type"] = entities.str["type"]
    rows["pair"] = list(map(pair_key, rows["subject_word"], rows["object_word"]))
    return rows.assign(
        type_pair=rows["subject_type"] + ":" + rows["object_type"],
        characters=rows["sentence"].str.len(),
    )


def split_rows(
    rows: pd.DataFrame, shift: str, n_training: int, seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Draw the training rows and the judged rows of a shift.

    Args:
        rows: By :func:`read_rows`.
        shift: A name in :data:`SHIFTS`.
        n_training: How many rows train; fewer where the shift leaves fewer.
        seed: Draws them.
    """
    sides = SHIFTS[shift](rows)
    generator = np.random.default_rng(seed)
    # Judged rows are drawn first: all strengths of a model are then judged on the same ones.
    judged = _draw(rows[sides.judged], JUDGED_ROWS, generator)
    return _draw(rows[sides.train], n_training, generator), judged


def _draw(rows: pd.DataFrame, n_rows: int, generator: np.random.Generator) -> pd.DataFrame:
    chosen = generator.permutation(len(rows))[:n_rows]
    return rows.iloc[np.sort(chosen)]


def _other_source(source: str) -> Callable[[pd.DataFrame], Sides]:
    def divide(rows: pd.DataFrame) -> Sides:
        has_source = (rows["source"] == source).to_numpy()
        return Sides(~has_source, has_source)

    return divide


def _short_entities(rows: pd.DataFrame) -> Sides:
    lengths = np.stack([rows[f"{role}_word"].str.len() for role in ("subject", "object")])
    return Sides((lengths > _SHORT_ENTITY).all(axis=0), (lengths <= _SHORT_ENTITY).all(axis=0))


def _other_type_pairs(rows: pd.DataFrame) -> Sides:
    left_out = rows["type_pair"].isin(_LEFT_OUT_PAIRS).to_numpy()
    return Sides(~left_out, left_out)


def _unseen_pairs(rows: pd.DataFrame) -> Sides:
    repeats = (rows["pair"].map(rows["pair"].value_counts()) > 1).to_numpy()
    return Sides(repeats, ~repeats)


def _long_sentences(rows: pd.DataFrame) -> Sides:
    characters = rows["characters"].to_numpy()
    return Sides(characters < _SHORT_SENTENCE, characters > _LONG_SENTENCE)


def _short_sentences(rows: pd.DataFrame) -> Sides:
    characters = rows["characters"].to_numpy()
    return Sides(characters > _MIDDLE_SENTENCE, characters < _SHORT_SENTENCE)


def _more_negatives(rows: pd.DataFrame) -> Sides:
    """Halve the rows by pairs; one half keeps few negative rows, the other few relations."""
    generator = np.random.default_rng(0)
    pairs, place = np.unique(rows["pair"], return_inverse=True)
    trains = (generator.random(len(pairs)) < 0.5)[place]
    is_negative = (rows["label"] == NEGATIVE).to_numpy()
    kept = generator.random(len(rows))
    share = is_negative.mean()
    thin = THINNED_SHARE / (1 - THINNED_SHARE) * (1 - share) / share
    thick = (1 - THICKENED_SHARE) / THICKENED_SHARE * share / (1 - share)
    return Sides(trains & (~is_negative | (kept < thin)), ~trains & (is_negative | (kept < thick)))


SHIFTS: dict[str, Callable[[pd.DataFrame], Sides]] = {
    "source wikitree": _other_source("wikitree"),
    "source wikipedia": _other_source("wikipedia"),
    "type pairs": _other_type_pairs,
    "short entities": _short_entities,
    "long sentences": _long_sentences,
    "unseen pairs": _unseen_pairs,
    "negatives": _more_negatives,
    "short sentences": _short_sentences,
}
"""What training rows and judged rows differ in."""

CHOSEN_ON = ("source wikitree", "type pairs", "long sentences", "negatives")
"""The half that the rule of predictions is chosen on; the other one reports on it."""
