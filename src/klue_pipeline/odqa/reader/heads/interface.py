"""What every layer of a head is given when it is built, and what it does with a batch."""

from abc import abstractmethod
from dataclasses import dataclass

from torch import Tensor, nn


@dataclass(frozen=True)
class HeadShape:
    """What the layers of a head have to know to be built.

    Attributes:
        hidden_size: Width of what a layer computes: of each direction, of each kernel.
        dropout: Share of the states that is dropped in training.
        attention_heads: Heads of attention in a layer of the encoder.
    """

    hidden_size: int
    dropout: float
    attention_heads: int


class Layer(nn.Module):
    """A layer that reads the states of a window and returns one state for each token.

    What stands in padding, which is on the right, changes no state of a token.

    Args:
        width: Width of the states that it reads.
        shape: How wide it is itself.

    Attributes:
        width: Width of the states that it returns.
    """

    width: int

    def __init__(self, width: int, shape: HeadShape) -> None:  # noqa: ARG002 (of those below)
        super().__init__()

    @abstractmethod
    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the new states; those of padding may be anything finite.

        Args:
            states: Shape: (batch, tokens, width).
            attention_mask: 1 for text, 0 for padding. Shape: (batch, tokens).
        """
