"""What a reader says of many windows: the best spans of each, and the sum over all."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from klue_pipeline.odqa.encoding.windows import Windows
from klue_pipeline.odqa.reader.reader_model import window_logits
from klue_pipeline.odqa.reader.spans import BestSpans, mark_answer_tokens, score_spans
from klue_pipeline.odqa.settings.reader_params import SpanScore
from klue_pipeline.training.batches import Batch, EncodedRows
from klue_pipeline.training.params import Precision
from klue_pipeline.training.prediction import read_rows

SPAN_SCORES: dict[SpanScore, Callable[[BestSpans], BestSpans]] = {
    "logits": lambda spans: spans,
    "over_no_answer": BestSpans.over_no_answer,
}
"""What spans are compared by, by ``answer.span_score``."""


@dataclass(frozen=True)
class SpanRules:
    """Which spans of a window are kept, and how they are scored.

    Attributes:
        score: What spans are compared by.
        max_answer_tokens: Longest span.
        n_best: Most spans to keep of a window.
    """

    score: SpanScore
    max_answer_tokens: int
    n_best: int


@dataclass(frozen=True)
class WindowSpans:
    """The best spans of windows, best first; see :class:`BestSpans`.

    Attributes:
        starts: Place of the first token in its window. Shape: (windows, n_best).
        ends: Place after the last token.
        scores: Minus infinity fills up where a window has fewer spans.
        log_totals: Logarithm of the sum of exp(score) over all spans. Shape: (windows,).
        no_answers: Logits of no answer.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    scores: NDArray[np.float32]
    log_totals: NDArray[np.float32]
    no_answers: NDArray[np.float32]


def windows_as_rows(windows: Windows, padding_id: int) -> EncodedRows:
    """Return windows as rows for a model, with the tokens that may start and end an answer.

    Args:
        windows: What to read.
        padding_id: Token id that fills short windows up.
    """
    marked = mark_answer_tokens(
        windows.offsets,
        chars=(windows.start_chars, windows.end_chars),
        passage=(windows.passage_starts, windows.passage_ends),
        owned=(windows.owned_starts, windows.owned_ends),
    )
    return EncodedRows(
        input_ids=windows.input_ids,
        token_type_ids=windows.token_type_ids,
        offsets=windows.offsets,
        columns=vars(marked),
        padding_id=padding_id,
    )


def read_windows(
    model: nn.Module,
    rows: EncodedRows,
    batch_size: int,
    precision: Precision,
    rules: SpanRules,
    *,
    description: str | None = None,
) -> WindowSpans:
    """Find the best spans of every window.

    Args:
        model: A reader, on its device.
        rows: Windows with the columns of :func:`windows_as_rows`, and any others; at least one.
        batch_size: Windows in a batch, which are sorted by length meanwhile.
        precision: A resolved precision, not ``auto``.
        rules: Which spans.
        description: Text of a progress bar on a terminal; None shows none.

    Returns:
        Spans in the order of ``rows``. A score that is not finite stays as it is.
    """
    read = read_rows(
        partial(_read_batch, rules=rules),
        model,
        rows,
        batch_size,
        precision,
        description=description,
    )
    starts, ends, scores, totals = np.split(read, np.arange(1, 4) * rules.n_best, axis=1)
    places = starts.astype(np.int64), ends.astype(np.int64)
    return WindowSpans(*places, scores, log_totals=totals[:, 0], no_answers=totals[:, 1])


def _read_batch(model: nn.Module, batch: Batch, rules: SpanRules) -> Tensor:
    """Return all that is kept of a batch as one tensor; float32 holds every place exactly."""
    logits = window_logits(model, batch)
    found = SPAN_SCORES[rules.score](
        score_spans(
            logits, batch["may_start"], batch["may_end"], rules.max_answer_tokens, rules.n_best
        )
    )
    totals = torch.stack([found.log_totals, found.no_answers], dim=1)
    return torch.cat([found.starts.float(), found.ends.float(), found.scores, totals], dim=1)
