"""What a reader says of pairs of a question and a text: the best spans of each, by characters."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from klue_pipeline.odqa.encoding.windows import Windows, encode_windows
from klue_pipeline.odqa.reader.reader_graph import AnyReader
from klue_pipeline.odqa.reader.reader_model import ReaderConfig
from klue_pipeline.odqa.reader.window_reading import (
    SpanRules,
    WindowSpans,
    read_windows,
    windows_as_rows,
)
from klue_pipeline.odqa.settings.reader_params import SpanScore
from klue_pipeline.training.params import Precision
from klue_pipeline.training.tokenizer import Tokenizer


@dataclass(frozen=True)
class ReadSpans:
    """The best spans of each pair, pair by pair, best first.

    Attributes:
        pairs: Which pair a span is of, counted from 0. Shape: (spans,).
        start_chars: Place of its first character in the text. Shape: (spans,).
        end_chars: Place after the last one.
        logits: What spans are compared by. Shape: (spans,).
        log_totals: Logarithm of the sum of exp(score) over all spans of a pair, also those that are
            not kept; minus infinity for a text without one, such as one of blanks.
            Shape: (pairs,).
    """

    pairs: NDArray[np.int64]
    start_chars: NDArray[np.int64]
    end_chars: NDArray[np.int64]
    logits: NDArray[np.float64]
    log_totals: NDArray[np.float64]


def read_pairs(  # noqa: PLR0913 (each of them says something of its own)
    model: AnyReader,
    tokenizer: Tokenizer,
    config: ReaderConfig,
    questions: Sequence[str],
    contexts: Sequence[str],
    *,
    batch_size: int,
    precision: Precision,
    span_score: SpanScore,
    max_answer_tokens: int,
    n_best: int,
    description: str | None = None,
) -> ReadSpans:
    """Read a text for each question, and find its best spans.

    All pairs are in memory as tokens at once; whoever reads many hands them over in parts.

    Args:
        model: A reader, on its device.
        tokenizer: The model's own.
        config: The model's own, which says how texts are cut into windows.
        questions: One for each pair.
        contexts: The text to read for it.
        batch_size: Windows in a batch; it changes the result by rounding alone.
        precision: A resolved precision, not ``auto``.
        span_score: What spans are compared by.
        max_answer_tokens: Longest answer.
        n_best: Most spans to keep of a pair.
        description: Text of a progress bar on a terminal; None shows none.

    Raises:
        ValueError: A score is not finite.
    """
    windows = encode_windows(
        questions,
        contexts,
        tokenizer,
        config.max_tokens,
        config.reader.max_question_tokens,
        config.reader.stride,
    )
    return read_encoded(
        model,
        windows,
        len(questions),
        int(tokenizer.pad_token_id or 0),
        SpanRules(span_score, max_answer_tokens, n_best),
        batch_size=batch_size,
        precision=precision,
        description=description,
    )


def read_encoded(  # noqa: PLR0913 (as above)
    model: AnyReader,
    windows: Windows,
    n_pairs: int,
    padding_id: int,
    rules: SpanRules,
    *,
    batch_size: int,
    precision: Precision,
    description: str | None = None,
) -> ReadSpans:
    """Find the best spans of pairs that are windows already; see :func:`read_pairs`.

    Args:
        model: A reader, on its device.
        windows: Those of all pairs.
        n_pairs: How many pairs they are of.
        padding_id: Token id that fills short windows up.
        rules: Which spans.
        batch_size: Windows in a batch.
        precision: A resolved precision.
        description: Text of a progress bar.

    Raises:
        ValueError: A score is not finite.
    """
    if not len(windows):
        none = np.zeros(0, np.int64)
        return ReadSpans(none, none, none, none.astype(np.float64), none.astype(np.float64))
    rows = windows_as_rows(windows, padding_id)
    found = read_windows(model, rows, batch_size, precision, rules, description=description)
    _require_finite(found)
    return _merge(windows, found, n_pairs, rules.n_best)


def _require_finite(found: WindowSpans) -> None:
    # Minus infinity says that a window has no span.
    broken = np.isnan(found.log_totals) | np.isposinf(found.log_totals)
    if broken.any():
        raise ValueError(
            f"The reader's scores of {broken.sum():,} of {len(broken):,} windows are not finite: "
            "its weights are damaged, or its training diverged. Train it again with a lower "
            "training.learning_rate; if it is whole, set training.precision to fp32."
        )


def _merge(windows: Windows, found: WindowSpans, n_pairs: int, n_best: int) -> ReadSpans:
    """Put the windows of a pair together; a token that begins a span is owned by one of them."""
    kept = np.isfinite(found.scores)
    window = np.nonzero(kept)[0]
    offsets = windows.offsets[window]
    spans = pd.DataFrame(
        {
            "pair": windows.pairs[window],
            "start": windows.start_chars[offsets + found.starts[kept]],
            "end": windows.end_chars[offsets + found.ends[kept] - 1],
            "logit": found.scores[kept],
        }
    )
    spans = spans.sort_values(
        ["pair", "logit", "start", "end"], ascending=[True, False, True, True]
    )
    spans = spans[spans.groupby("pair").cumcount() < n_best]
    log_totals = np.full(n_pairs, -np.inf)
    np.logaddexp.at(log_totals, windows.pairs, found.log_totals.astype(np.float64))
    return ReadSpans(
        pairs=spans["pair"].to_numpy(np.int64),
        start_chars=spans["start"].to_numpy(np.int64),
        end_chars=spans["end"].to_numpy(np.int64),
        logits=spans["logit"].to_numpy(np.float64),
        log_totals=log_totals,
    )
