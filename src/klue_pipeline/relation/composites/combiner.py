"""The trained combiner: log-probabilities of several models in, scores of every label out.

The layers are those of the three-model combination of boostcamp AI-Tech's second KLUE-RE contest
(one projection per model, concatenated, dropout, a tanh layer, a classifier). Which rows it is
fitted on is up to the caller, and must be rows that the models did not train on.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from klue_pipeline.relation.settings.params import CompositeParams

LogProbabilities = NDArray[np.float64]
"""Logarithms of one model's probabilities. Shape: (rows, labels of the model)."""

_ROWS_PER_STEP = 128
_LEAST_LOG_PROBABILITY = -20.0
"""A label that a model rules out enters as this: its true logarithm would drown all others."""


@dataclass(frozen=True)
class CombinerSettings:
    """The fields of :class:`CompositeParams` that a combiner needs, none of them missing."""

    width: int
    dropout: float
    epochs: int
    learning_rate: float
    weight_decay: float
    seed: int

    @classmethod
    def of(cls, params: CompositeParams) -> "CombinerSettings":
        """Take the settings of ``composite.name: combine``."""
        return cls(**params.model_dump(include={field.name for field in fields(cls)}))


class Combiner(nn.Module):
    """Projects what each model says, joins it, and scores every label."""

    def __init__(
        self, model_labels: Sequence[int], width: int, dropout: float, labels: int
    ) -> None:
        """Make the layers, at random.

        Args:
            model_labels: How many labels each model tells apart, in the order of the input.
            width: Width of each projection and of the layer that joins them.
            dropout: Share of the projections that is hidden while learning.
            labels: How many labels are scored.
        """
        super().__init__()
        self.model_labels = list(model_labels)
        self.projections = nn.ModuleList(nn.Linear(count, width) for count in model_labels)
        self.dropout = nn.Dropout(dropout)
        self.join = nn.Linear(width * len(self.model_labels), width)
        self.classifier = nn.Linear(width, labels)

    def forward(self, log_probabilities: Tensor) -> Tensor:
        """Score rows.

        Args:
            log_probabilities: Those of all models, side by side.
                Shape: (rows, sum of the models' labels).

        Returns:
            Logits. Shape: (rows, labels).
        """
        parts = torch.split(log_probabilities, self.model_labels, dim=1)
        pairs = zip(self.projections, parts, strict=True)
        joined = torch.cat([projection(part) for projection, part in pairs], dim=1)
        logits: Tensor = self.classifier(torch.tanh(self.join(self.dropout(joined))))
        return logits


def fit_combiner(
    log_probabilities: Sequence[LogProbabilities],
    gold_ids: NDArray[np.int64],
    labels: int,
    settings: CombinerSettings,
) -> Combiner:
    """Fit a combiner by cross-entropy with AdamW, on the CPU.

    The same rows and settings give the same weights; the caller's random numbers are left alone.

    Args:
        log_probabilities: One array per model, over the same rows in the same order.
        gold_ids: True label id of each row. Shape: (rows,).
        labels: How many labels there are.
        settings: Sizes and optimisation.

    Raises:
        ValueError: There is no row, no model, or their numbers of rows differ.
    """
    _require_rows(log_probabilities, len(gold_ids))
    with _one_thread(), torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        widths = [part.shape[1] for part in log_probabilities]
        combiner = Combiner(widths, settings.width, settings.dropout, labels)
        _train(combiner, _side_by_side(log_probabilities), torch.from_numpy(gold_ids), settings)
    return combiner.eval()


def apply_combiner(
    combiner: Combiner, log_probabilities: Sequence[LogProbabilities]
) -> NDArray[np.float32]:
    """Score rows with a fitted combiner.

    Returns:
        Logits. Shape: (rows, labels).
    """
    with _one_thread(), torch.inference_mode():
        logits: NDArray[np.float32] = combiner(_side_by_side(log_probabilities)).numpy()
    return logits


def _train(
    combiner: Combiner, features: Tensor, gold_ids: Tensor, settings: CombinerSettings
) -> None:
    optimizer = torch.optim.AdamW(
        combiner.parameters(), lr=settings.learning_rate, weight_decay=settings.weight_decay
    )
    for _ in range(settings.epochs):
        order = torch.randperm(len(features))
        for start in range(0, len(order), _ROWS_PER_STEP):
            rows = order[start : start + _ROWS_PER_STEP]
            optimizer.zero_grad()
            loss = functional.cross_entropy(combiner(features[rows]), gold_ids[rows])
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Work on one core: layers this small gain nothing from more, and sums stay in one order."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _side_by_side(log_probabilities: Sequence[LogProbabilities]) -> Tensor:
    joined = np.concatenate(log_probabilities, axis=1)
    return torch.from_numpy(np.maximum(joined, _LEAST_LOG_PROBABILITY).astype(np.float32))


def _require_rows(log_probabilities: Sequence[LogProbabilities], n_gold: int) -> None:
    counts = [len(part) for part in log_probabilities]
    if not counts or not n_gold or set(counts) != {n_gold}:
        raise ValueError(
            f"A combiner is fitted on the same rows of every model; found {counts} rows of the "
            f"models and {n_gold} true labels, one of each per row was wanted."
        )
