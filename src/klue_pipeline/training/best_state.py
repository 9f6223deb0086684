"""The best state of a training: which evaluation it was, and its weights on disk.

Evaluations are read from Trainer's log, which is part of the resume state. The best state and the
patience therefore survive a kill.
"""

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from klue_pipeline.training.workspace import BEST_FILE

PARTIAL_BEST_FILE = f"{BEST_FILE}.partial"

Log = list[dict[str, float]]
"""What Trainer logged; an evaluation's metrics begin with ``eval_``."""

Floats = NDArray[np.float64]
Criterion = tuple[str, Callable[[Floats, Floats], NDArray[np.bool_]]]
"""A metric, and when its value is good enough, given the best ones before; both of shape (n,)."""

_ORDERS = {"loss": -1.0}
"""What is best when low; all others are best when high."""

RULES: dict[str, tuple[Criterion, ...]] = {
    # As team mrc-level2-nlp-05 of the second Boostcamp AI Tech had it, but for the best exact match
    # so far, which theirs forgot to update when a state was kept for its loss.
    "loss_or_exact_match": (("loss", np.greater), ("exact_match", np.greater_equal)),
}
"""When a state is kept, by ``training.select_by``: if one of the criteria is met. By any other name
it is kept if the metric of that name is better than ever before."""


class BestState:
    """The last state that a rule keeps.

    Args:
        folder: Where its weights are kept meanwhile.
        select_by: A name in :data:`RULES`, or that of a metric.
    """

    def __init__(self, folder: Path, select_by: str) -> None:
        self._file = folder / BEST_FILE
        self._criteria = RULES.get(select_by, ((select_by, np.greater),))

    def step(self, log: Log) -> int:
        """Return the optimizer step of the best evaluation; by one metric the first of equals."""
        evaluations = self._evaluations(log)
        return int(evaluations[self._index_of_best(evaluations)]["step"])

    def evaluations_since(self, log: Log) -> int:
        """Count the evaluations after the best one."""
        evaluations = self._evaluations(log)
        return len(evaluations) - 1 - self._index_of_best(evaluations)

    def keep(self, model: nn.Module) -> None:
        """Write the model's weights; a kill meanwhile leaves the former ones."""
        weights = {name: value.contiguous() for name, value in model.state_dict().items()}
        partial = self._file.with_name(PARTIAL_BEST_FILE)
        save_file(weights, partial)
        partial.replace(self._file)

    def load(self, model: nn.Module) -> None:
        """Load the weights that were kept."""
        model.load_state_dict(load_file(self._file))

    def _evaluations(self, log: Log) -> Log:
        key = _key(self._criteria[0][0])
        return [row for row in log if key in row]

    def _index_of_best(self, evaluations: Log) -> int:
        kept = np.zeros(len(evaluations), dtype=bool)
        kept[0] = True
        for metric, is_good_enough in self._criteria:
            values = _ORDERS.get(metric, 1.0) * np.array([row[_key(metric)] for row in evaluations])
            # A diverged model's metric may be nan, which is better and worse than nothing.
            values = np.nan_to_num(values, nan=-math.inf)
            kept[1:] |= is_good_enough(values[1:], np.maximum.accumulate(values)[:-1])
        return int(np.flatnonzero(kept)[-1])


def find_best_fold(metrics: Mapping[int, Mapping[str, float]], select_by: str) -> int:
    """Return the fold whose best state scored best on its own validation rows; of equals the first.

    Args:
        metrics: What was measured of each fold's best state, by its number; a single fold may lack
            scores.
        select_by: A name in :data:`RULES`, of which the last metric counts, or that of a metric.

    >>> find_best_fold({0: {"loss": 0.5}, 1: {"loss": 0.4}, 2: {"loss": 0.4}}, "loss")
    1
    """
    folds = sorted(metrics)
    metric = RULES[select_by][-1][0] if select_by in RULES else select_by
    values = [_ORDERS.get(metric, 1.0) * metrics[fold].get(metric, math.nan) for fold in folds]
    return folds[int(np.argmax(np.nan_to_num(values, nan=-math.inf)))]


def _key(metric: str) -> str:
    return f"eval_{metric}"
