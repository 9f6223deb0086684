"""Head ``bilstm``."""

import warnings

import pytest
import torch

from klue_pipeline.relation.model.heads import build_head


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_bilstm_is_an_lstm_over_each_row_alone(layers, inputs, batch):
    """The forward direction's last real token and the backward one's first, both of the top."""
    torch.manual_seed(0)
    head = build_head(batch.params("bilstm", lstm_layers=layers, lstm_width=5), batch.shape).eval()
    logits = head(inputs)
    for row, length in enumerate(batch.lengths):
        top, _ = head.lstm(inputs.states[row : row + 1, :length])  # (1, length, 2 * 5)
        features = torch.cat([top[0, -1, :5], top[0, 0, 5:]])
        torch.testing.assert_close(logits[row], head.output(features))


def test_logits_are_not_squeezed(inputs, batch):
    """The published code puts tanh on the logits, so that no probability exceeds 0.203."""
    head = build_head(batch.params("bilstm"), batch.shape).eval()
    with torch.no_grad():
        head.output.weight.mul_(100)
    assert head(inputs).abs().max() > 1.5


def test_the_recurrence_stays_in_float32(inputs, batch):
    head = build_head(batch.params("bilstm"), batch.shape).eval()
    seen = []
    head.lstm.register_forward_hook(lambda _, args, output: seen.append((args, output)))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        head(inputs)
    (packed,), (_, (last, _)) = seen[0]
    assert (packed.data.dtype, last.dtype) == (torch.float32, torch.float32)
    head(inputs)
    assert torch.equal(seen[1][1][1][0], last)


def test_one_layer_with_dropout_does_not_warn(batch):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        build_head(batch.params("bilstm", lstm_layers=1), batch.shape)
