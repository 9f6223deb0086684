"""The loss of spans against numbers worked out by hand."""

import math

import pytest
import torch

from klue_pipeline.odqa.reader.loss import loss_of_spans, span_losses

CANDIDATES = torch.tensor([[True, False, True, True, True, False]])
"""Token 0, a question's token, three of a passage, padding."""


def batch(starts, lasts):
    return {
        "candidates": CANDIDATES,
        "gold_starts": torch.tensor([starts]),
        "gold_lasts": torch.tensor([lasts]),
    }


def logits(starts, ends):
    """Logits of which the softmax over tokens 0, 2, 3 and 4 is what is given."""
    padded = torch.full((6, 2), 9.0)
    padded[[0, 2, 3, 4]] = torch.tensor([starts, ends]).log().T
    return padded.unsqueeze(0)


STARTS, ENDS = (0.1, 0.2, 0.3, 0.4), (0.1, 0.1, 0.2, 0.6)


@pytest.mark.parametrize(
    ("gold", "smoothing", "wanted"),
    [
        (([2], [3]), 0.0, -(math.log(0.2) + math.log(0.2)) / 2),
        (([0], [0]), 0.0, -(math.log(0.1) + math.log(0.1)) / 2),  # no answer
        # Spans 2 to 3 and 4 to 4.
        (([2, 4], [3, 4]), 0.0, -math.log(0.2 * 0.2 + 0.4 * 0.6) / 2),
        (([2, -1], [3, -1]), 0.0, -math.log(0.2 * 0.2) / 2),  # the second is no span
        (
            ([2], [3]),
            0.1,
            -0.9 * math.log(0.2) - 0.1 * sum(map(math.log, STARTS + ENDS)) / 8,
        ),
        (
            ([2, 4], [3, 4]),
            0.1,
            -0.9 * math.log(0.28) / 2 - 0.1 * sum(map(math.log, STARTS + ENDS)) / 8,
        ),
    ],
)
def test_losses_by_hand(gold, smoothing, wanted):
    """Tokens of question and padding, which score highest, are in no softmax."""
    found = span_losses(logits(STARTS, ENDS), batch(*gold), smoothing)
    assert found.tolist() == pytest.approx([wanted])


def test_smoothing_is_that_of_pytorch_over_the_tokens_that_may_be_answers():
    torch.manual_seed(0)
    scores = torch.randn(1, 6, 2)
    kept = scores[0, [0, 2, 3, 4]].T  # of start and end
    wanted = torch.nn.functional.cross_entropy(kept, torch.tensor([1, 3]), label_smoothing=0.3)
    found = span_losses(scores, batch([2], [4]), 0.3)
    torch.testing.assert_close(found[0], wanted)
    assert found[0] != span_losses(scores, batch([2], [4]), 0.0)[0]


@pytest.mark.parametrize("gold", [([2, -1], [3, -1]), ([0, -1], [0, -1]), ([4, 2], [4, 3])])
def test_gradients_are_finite_and_touch_only_tokens_of_the_softmax(gold):
    """Also where no span fills up."""
    scores = torch.randn(1, 6, 2, requires_grad=True)
    span_losses(scores, batch(*gold), 0.1).sum().backward()
    moved = scores.grad.abs().amax(dim=(0, 2))
    assert torch.isfinite(moved).all()
    assert torch.equal(moved[None] > 0, CANDIDATES)


def test_a_batch_is_scored_by_what_the_model_takes():
    """The mask is as wide as the longest window of all; half precision ends before the softmax."""

    class Model(torch.nn.Module):
        def forward(self, input_ids, attention_mask):
            return logits(STARTS, ENDS)[:, : input_ids.shape[1]].bfloat16()

    rows = batch([2], [2]) | {
        "input_ids": torch.ones(1, 4, dtype=torch.long),
        "attention_mask": torch.ones(1, 4, dtype=torch.long),
        "weights": torch.ones(1),
    }
    found = loss_of_spans(0.0)(Model(), rows, 0.5)
    assert found.dtype == torch.float32
    # Tokens 0, 2 and 3 are left.
    wanted = -(math.log(0.2 / 0.6) + math.log(0.1 / 0.4)) / 2
    assert found.tolist() == pytest.approx([wanted], abs=0.02)
