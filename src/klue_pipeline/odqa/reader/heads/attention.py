"""Let every token look at all tokens of its window once more, for this task alone."""

import math

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from klue_pipeline.odqa.reader.heads.interface import HeadShape, Layer


class SelfAttention(Layer):
    """Multi-head attention over the window, added to the states and normalised.

    Vaswani et al., "Attention Is All You Need", NeurIPS 2017, section 3.2.2. It has as many heads
    as a layer of the encoder, as far as they divide its width.
    """

    def __init__(self, width: int, shape: HeadShape) -> None:
        super().__init__(width, shape)
        self.width = width
        self._heads = math.gcd(shape.hidden_size, shape.attention_heads)
        self.query = nn.Linear(width, shape.hidden_size)
        # The softmax does not see a shift that is the same for all keys.
        self.key = nn.Linear(width, shape.hidden_size, bias=False)
        self.value = nn.Linear(width, shape.hidden_size)
        self.joined = nn.Linear(shape.hidden_size, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, states: Tensor, attention_mask: Tensor) -> Tensor:
        """Return the states with what they attend to. Shape: (batch, tokens, width)."""
        query, key, value = (
            self._split(layer(states)) for layer in (self.query, self.key, self.value)
        )
        is_text = attention_mask.bool()[:, None, None]  # (batch, 1, 1, tokens)
        found = scaled_dot_product_attention(query, key, value, is_text)
        joined: Tensor = self.joined(found.transpose(1, 2).flatten(start_dim=2))
        normalised: Tensor = self.norm(states + joined)
        return normalised

    def _split(self, states: Tensor) -> Tensor:
        """Cut the width into heads. Shape: (batch, heads, tokens, width of a head)."""
        return states.view(*states.shape[:2], self._heads, -1).transpose(1, 2)
