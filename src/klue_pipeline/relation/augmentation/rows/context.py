"""What methods may use besides the rows that they start from."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.augmentation.rows.example import Example

_HASH_BYTES = 8


@dataclass(frozen=True)
class Resources:
    """What methods may read besides the training rows.

    Attributes:
        synonyms: The user's table of ``word`` and ``synonym``, or None.
        translations: The user's table of ``origin_id`` and ``text``, or None.
        cache_folder: Where slow results are kept between runs; None keeps nothing.
        earlier: Out-of-fold scores of earlier experiments, by experiment.
    """

    synonyms: pd.DataFrame | None = None
    translations: pd.DataFrame | None = None
    cache_folder: Path | None = None
    earlier: Mapping[str, ScoreTable] = field(default_factory=dict)


@dataclass(frozen=True)
class AugmentContext:
    """What one method may use.

    Attributes:
        method: The name under which it was chosen.
        seed: Seed of everything that is drawn.
        labels: The task's labels.
        originals: All rows of the task, whichever the method starts from.
        resources: What it may read besides.
        skipped: Rows that the method could not use, counted by reason; methods add to it.
    """

    method: str
    seed: int
    labels: LabelSet
    originals: Sequence[Example]
    resources: Resources = Resources()
    skipped: Counter[str] = field(default_factory=Counter)

    def generator(self, row_id: str) -> np.random.Generator:
        """Return the source of what is drawn for a row.

        It depends on seed, method and row alone: other rows, their order and the number of workers
        change nothing.
        """
        return np.random.default_rng(self._number(row_id))

    def priority(self, row_id: str) -> float:
        """Return a number from 0 to 1, drawn for a row as in :meth:`generator`."""
        return self._number(f"priority of {row_id}") / float(1 << 8 * _HASH_BYTES)

    def _number(self, text: str) -> int:
        named = f"{self.seed}\0{self.method}\0{text}".encode()
        return int.from_bytes(hashlib.blake2b(named, digest_size=_HASH_BYTES).digest())


Augment = Callable[[Sequence[Example]], Iterable[Example]]
"""Makes new rows of a chunk of rows; each keeps the ``row_id`` of the one it was made from. Called
for one chunk after the other, so it must not depend on how rows are cut into chunks."""

BuildsAugment = Callable[[Any, AugmentContext], Augment]
"""Prepares a method once, from its settings: loads a model, gathers words."""


def one_by_one(change: Callable[[Example], Example | str], context: AugmentContext) -> Augment:
    """Make a method of what happens to a single row.

    Args:
        change: Returns a new row made of a row, or why there is none.
        context: Counts these reasons in ``skipped``.
    """

    def augment(rows: Sequence[Example]) -> Iterator[Example]:
        for row in rows:
            made = change(row)
            if isinstance(made, str):
                context.skipped[made] += 1
            else:
                yield made

    return augment
