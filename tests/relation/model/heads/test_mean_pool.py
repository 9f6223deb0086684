"""Head ``mean_pool``."""

import torch

from klue_pipeline.relation.model.heads import build_head


def test_mean_pool_by_a_loop(inputs, batch):
    head = build_head(batch.params("mean_pool"), batch.shape).eval()
    logits = head(inputs)
    for row, length in enumerate(batch.lengths):
        mean = sum(inputs.states[row, token] for token in range(length)) / length
        wanted = head.output(torch.tanh(head.hidden(mean)))
        torch.testing.assert_close(logits[row], wanted)
