"""The best state of a training: which evaluation it was, and its weights on disk.

Evaluations are read from Trainer's log, which is part of the resume state. The best state and the
patience therefore survive a kill.
"""

import math
from pathlib import Path

import numpy as np
from safetensors.torch import load_file, save_file
from torch import nn

from klue_pipeline.training.workspace import BEST_FILE

PARTIAL_BEST_FILE = f"{BEST_FILE}.partial"

Log = list[dict[str, float]]
"""What Trainer logged; an evaluation's metrics begin with ``eval_``."""


class BestState:
    """The state with the best value of one metric.

    Args:
        folder: Where its weights are kept meanwhile.
        metric: Name of the metric; a ``loss`` is best when low, all others when high.
    """

    def __init__(self, folder: Path, metric: str) -> None:
        self._file = folder / BEST_FILE
        self._metric = metric

    def step(self, log: Log) -> int:
        """Return the optimizer step of the best evaluation; the earliest among equals."""
        evaluations = self._evaluations(log)
        return evaluations[self._index_of_best(evaluations)][0]

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

    def _evaluations(self, log: Log) -> list[tuple[int, float]]:
        key = f"eval_{self._metric}"
        return [(int(row["step"]), row[key]) for row in log if key in row]

    def _index_of_best(self, evaluations: list[tuple[int, float]]) -> int:
        values = np.array([value for _, value in evaluations])
        # A diverged model's metric may be nan, which argmax and argmin would prefer.
        values = np.nan_to_num(-values if self._metric == "loss" else values, nan=-math.inf)
        return int(values.argmax())
