"""What a reader minimises: how unlikely it holds the gold spans of a window.

The start and the end of an answer are drawn from two softmaxes over the tokens that may be of one:
the passage's, and token 0, which is of neither question nor passage and stands for no answer.
Tokens of the question, special tokens and padding are in neither softmax.
"""

import torch
from torch import Tensor, nn

from klue_pipeline.odqa.reader.reader_model import window_logits
from klue_pipeline.training.batches import Batch
from klue_pipeline.training.trainer import BatchLoss

NO_SPAN = -1
"""Fills up where a window has fewer gold spans than another one."""


def loss_of_spans(label_smoothing: float) -> BatchLoss:
    """Make :func:`span_losses` a loss of a model and a batch.

    The batch holds ``candidates``, ``gold_starts`` and ``gold_lasts``.
    """

    def of_batch(model: nn.Module, batch: Batch, progress: float) -> Tensor:  # noqa: ARG001
        return span_losses(window_logits(model, batch), batch, label_smoothing)

    return of_batch


def span_losses(logits: Tensor, batch: Batch, label_smoothing: float) -> Tensor:
    """Return the loss of each window.

    With one gold span it is the mean of the cross-entropies of start and end. With several it is
    half of ``-log(sum of P(start) * P(end))`` over the spans, which is the same for one. Clark and
    Gardner ("Simple and Effective Multi-Paragraph Reading Comprehension", ACL 2018, section 3.3)
    sum starts and ends each on their own; the sum over spans gives no likelihood to the start of
    one with the end of another.

    Args:
        logits: Start and end logits, float32. Shape: (batch, tokens, 2).
        batch: ``candidates``, which tokens are in the softmaxes, of shape (batch, tokens or more);
            ``gold_starts`` and ``gold_lasts``, places of the first and the last token of gold
            spans, 0 and 0 for no answer, both of shape (batch, spans).
        label_smoothing: Share of start and end that is spread evenly over the candidates.

    Returns:
        In nats. Shape: (batch,).
    """
    candidates = batch["candidates"][:, : logits.shape[1], None]
    log_probabilities = logits.float().masked_fill(~candidates, -torch.inf).log_softmax(dim=1)
    gold = -_log_likelihood(log_probabilities, batch["gold_starts"], batch["gold_lasts"]) / 2
    if not label_smoothing:
        return gold
    means = log_probabilities.where(candidates, 0).sum(dim=1) / candidates.sum(dim=1)
    return (1 - label_smoothing) * gold - label_smoothing * means.mean(dim=1)


def _log_likelihood(log_probabilities: Tensor, starts: Tensor, lasts: Tensor) -> Tensor:
    """Return log of the sum over spans of P(start) * P(end). Shape: (batch,)."""
    rows = torch.arange(len(starts), device=starts.device)[:, None]
    is_span = starts != NO_SPAN
    spans = log_probabilities[rows, starts, 0] + log_probabilities[rows, lasts, 1]
    return spans.masked_fill(~is_span, -torch.inf).logsumexp(dim=1)
