"""What every loss takes and gives."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Targets:
    """What the rows of a batch should be scored as.

    Attributes:
        label_ids: The label of each row, counted from 0; -1 for a row without one, which only a
            loss with a teacher takes. Shape: (batch,).
        teacher_logits: A teacher's scores of the rows; None where nobody teaches.
            Shape: (batch, labels).
    """

    label_ids: Tensor
    teacher_logits: Tensor | None = None


RowLoss = Callable[[Tensor, Targets, float], Tensor]
"""(logits (batch, labels), targets, progress) -> losses (batch,).

Logits and losses are float32. ``progress`` is the share of all optimizer steps that are done, from
0 to 1."""


@dataclass(frozen=True)
class LossContext:
    """What a loss may know of the rows it trains on and of the model it trains.

    Attributes:
        labels: Label names in the order of the logits.
        label_counts: Rows per label in the training part of this fold. Shape: (labels,).
        logit_scale: What the model multiplies cosines by to get logits; 1 for a linear classifier.

    Raises:
        ValueError: There is not one count per label, or no label has rows.
    """

    labels: tuple[str, ...]
    label_counts: Tensor
    logit_scale: float = 1.0

    def __post_init__(self) -> None:
        if tuple(self.label_counts.shape) != (len(self.labels),):
            raise ValueError(
                f"A loss needs one row count for each of its {len(self.labels)} labels; found "
                f"label_counts of shape {tuple(self.label_counts.shape)}."
            )
        if not (self.label_counts > 0).any() or (self.label_counts < 0).any():
            raise ValueError(
                "A loss needs counts of training rows from 0, one of them above 0; found "
                f"{self.label_counts.tolist()}. Does this fold have a training part?"
            )
