"""What is counted of a machine's work."""

import torch
from benchmarks.machine import count_forward_operations
from torch.nn.functional import scaled_dot_product_attention


def test_the_products_of_fused_attention_count():
    heads, tokens, width = 3, 10, 4
    states = torch.randn(1, heads, tokens, width)
    with torch.no_grad():
        found = count_forward_operations(
            lambda: scaled_dot_product_attention(states, states, states)
        )
    assert found == 2 * (2 * heads * tokens**2 * width)  # with keys, and with values
