"""The best spans of windows, and the sum over all spans, from one start and one end score a token.

A span is scored by the sum of the logits of its first and its last token. It begins at a token that
the window owns, ends in the passage, and is at most so long; what may start and what may end one is
handed in as masks, which :func:`mark_answer_tokens` makes.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Borders = tuple[NDArray[np.integer], NDArray[np.integer]]
"""First places, and the places after the last ones."""


@dataclass(frozen=True)
class BestSpans:
    """The best spans of each window of a batch, best first.

    Equal scores are in the order of their places, so that neither the batch nor its padding decides
    between them.

    Attributes:
        starts: Place of the first token. Shape: (batch, spans).
        ends: Place after the last token.
        scores: What spans are compared by; minus infinity fills up where a window has fewer spans.
        log_totals: Logarithm of the sum of exp(score) over all spans that may be answers, also
            those that are not kept; minus infinity where there is none. Shape: (batch,).
        no_answers: Start and end logits of token 0, which is no part of question or passage,
            summed. Shape: (batch,).
    """

    starts: Tensor
    ends: Tensor
    scores: Tensor
    log_totals: Tensor
    no_answers: Tensor

    def over_no_answer(self) -> "BestSpans":
        """Return the same spans, scored by how much more likely than no answer they are."""
        return replace(
            self,
            scores=self.scores - self.no_answers[:, None],
            log_totals=self.log_totals - self.no_answers,
        )


def score_spans(
    logits: Tensor, may_start: Tensor, may_end: Tensor, max_answer_tokens: int, n_best: int
) -> BestSpans:
    """Score all spans of a batch of windows, and keep the best.

    Args:
        logits: Start and end logits. Shape: (batch, tokens, 2).
        may_start: Whether an answer may begin with the token. Shape: (batch, tokens or more); what
            is beyond the batch's tokens is not read.
        may_end: Whether an answer may end with it.
        max_answer_tokens: Longest span.
        n_best: Most spans to keep of a window.
    """
    starts, ends = logits.float().unbind(-1)
    tokens = starts.shape[1]
    no_answers = starts[:, 0] + ends[:, 0]
    starts = starts.masked_fill(~may_start[:, :tokens], -torch.inf)
    ends = ends.masked_fill(~may_end[:, :tokens], -torch.inf)
    padded = torch.nn.functional.pad(ends, (0, max_answer_tokens - 1), value=-torch.inf)
    # A row for each start, a column for each length: the ends lie on a band beside the diagonal.
    scores = starts[:, :, None] + padded.unfold(1, max_answer_tokens, 1)
    places, lengths, best = _best_of_band(scores, n_best)
    return BestSpans(
        starts=places,
        ends=places + lengths,
        scores=best,
        log_totals=scores.flatten(1).logsumexp(1),
        no_answers=no_answers,
    )


def _best_of_band(scores: Tensor, n_best: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return start, length and score of the best spans of (batch, starts, lengths) scores.

    They begin at the starts with the best best span, so only those are sorted out.
    """
    kept = scores.amax(2).argsort(dim=1, descending=True, stable=True)[:, :n_best]
    kept = kept.sort(dim=1).values  # in their order again, so that equal scores stay in it
    rows = torch.arange(len(scores), device=scores.device)[:, None]
    best, order = scores[rows, kept].flatten(1).sort(dim=1, descending=True, stable=True)
    missing = max(n_best - best.shape[1], 0)
    best = torch.nn.functional.pad(best[:, :n_best], (0, missing), value=-torch.inf)
    order = torch.nn.functional.pad(order[:, :n_best], (0, missing))
    n_lengths = scores.shape[2]
    return kept.gather(1, order // n_lengths), order % n_lengths + 1, best


@dataclass(frozen=True)
class AnswerTokens:
    """Which tokens of windows an answer may begin and end with.

    Several tokens may stand for one character, such as bytes of it. The first of them begins an
    answer and the last one ends it, so that no place in the text is counted twice.

    Attributes:
        may_start: Shape: (windows, tokens of the longest window).
        may_end: Shape: (windows, tokens of the longest window).
    """

    may_start: NDArray[np.bool_]
    may_end: NDArray[np.bool_]


def mark_answer_tokens(
    offsets: NDArray[np.integer],
    chars: Borders,
    passage: Borders,
    owned: Borders,
) -> AnswerTokens:
    """Mark the tokens that an answer may begin and end with.

    Args:
        offsets: Where each window begins in flat arrays; the last entry is their length.
            Shape: (windows + 1,).
        chars: Place of the first character of each token, and the place after its last; equal for a
            token of no characters. Shape of both: (tokens of all windows,).
        passage: Place of the first token of the passage in each window, and the place after its
            last. Shape of both: (windows,).
        owned: The same of the tokens that the window owns.
    """
    starts, ends = chars
    has_characters = starts < ends
    goes_on = has_characters[:-1] & has_characters[1:]
    is_first, is_last = has_characters.copy(), has_characters.copy()
    is_first[1:] &= ~(goes_on & (starts[1:] == starts[:-1]))
    is_last[:-1] &= ~(goes_on & (ends[1:] == ends[:-1]))
    return AnswerTokens(
        mark_tokens(offsets, *owned, is_first), mark_tokens(offsets, *passage, is_last)
    )


def mark_tokens(
    offsets: NDArray[np.integer],
    firsts: NDArray[np.integer],
    afters: NDArray[np.integer],
    has_characters: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Mark the tokens of each window within borders, but for those that stand for a blank alone.

    Args:
        offsets: Where each window begins in flat arrays; the last entry is their length.
            Shape: (windows + 1,).
        firsts: Place of the first token within the borders, counted in its window.
            Shape: (windows,).
        afters: Place after the last one.
        has_characters: Whether a token stands for characters of the passage.
            Shape: (tokens of all windows,).

    Returns:
        Shape: (windows, tokens of the longest window).
    """
    lengths = np.diff(offsets)
    places = np.arange(lengths.max(initial=0))
    marked: NDArray[np.bool_] = (places >= firsts[:, None]) & (places < afters[:, None])
    inside = places < lengths[:, None]
    marked &= inside
    marked[inside] &= has_characters[offsets[0] : offsets[-1]]
    return marked
