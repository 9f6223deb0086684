"""Windows as the flat arrays that batches are cut from, with what loss and judge look at."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.encoding.features import ReaderFeatures
from klue_pipeline.odqa.reader.loss import NO_SPAN
from klue_pipeline.odqa.reader.spans import mark_answer_tokens, mark_tokens
from klue_pipeline.training.batches import EncodedRows


def labelled_rows(
    features: ReaderFeatures, padding_id: int, gold_spans: Literal["first", "all"]
) -> EncodedRows:
    """View windows as flat arrays of token ids, with the columns that a reader learns from.

    Args:
        features: Encoded windows.
        padding_id: Token id that fills short windows up.
        gold_spans: Whether a window's first gold span is learnt, or all of them.

    Returns:
        Rows with the columns ``may_start`` and ``may_end``, which tokens an answer may begin and
        end with; ``candidates``, the passage's tokens and token 0, which stands for no answer, all
        three of shape (windows, tokens of the longest window); ``gold_starts`` and ``gold_lasts``,
        the places of the first and the last token of gold spans, 0 and 0 for no answer, of shape
        (windows, spans); and ``weights``.
    """
    input_ids, offsets = list_column(features, "input_ids")
    starts, ends = (
        _gold_places(features, name, gold_spans) for name in ("answer_starts", "answer_ends")
    )
    lasts = np.where(ends > 0, ends - 1, ends)
    return EncodedRows(
        input_ids=input_ids,
        token_type_ids=list_column(features, "token_type_ids")[0],
        offsets=offsets,
        columns={
            **_answer_tokens(features, offsets, np.hstack([starts, lasts])),
            "gold_starts": starts,
            "gold_lasts": lasts,
            "weights": np.ones(len(features), dtype=np.float32),
        },
        padding_id=padding_id,
    )


def list_column(features: ReaderFeatures, name: str) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the values of all windows in one array, and where each window's begin in it.

    Shapes: (values,), (windows + 1,).
    """
    lists = features.table[name].combine_chunks()
    offsets = lists.offsets.to_numpy().astype(np.int64)
    return lists.flatten().to_numpy(), offsets - offsets[0]


def _answer_tokens(
    features: ReaderFeatures, offsets: NDArray[np.int64], gold: NDArray[np.int64]
) -> dict[str, NDArray[np.bool_]]:
    chars = list_column(features, "start_chars")[0], list_column(features, "end_chars")[0]
    passage, owned = (
        (features.table[f"{of}_start"].to_numpy(), features.table[f"{of}_end"].to_numpy())
        for of in ("passage", "owned")
    )
    candidates = mark_tokens(offsets, *passage, has_characters=chars[0] < chars[1])
    # Token 0 is one, and a gold token always: otherwise nothing that a model learns could be right.
    candidates[np.arange(len(features))[:, None], gold.clip(min=0)] = True
    candidates[:, 0] = True
    return {**vars(mark_answer_tokens(offsets, chars, passage, owned)), "candidates": candidates}


def _gold_places(
    features: ReaderFeatures, name: str, gold_spans: Literal["first", "all"]
) -> NDArray[np.int64]:
    """Return gold places side by side; 0 for no answer. Shape: (windows, spans)."""
    places, offsets = list_column(features, name)
    counts = np.diff(offsets)
    width = 1 if gold_spans == "first" else max(1, counts.max(initial=0))
    is_span = np.arange(width) < counts[:, None]  # (windows, spans)
    found = np.full(is_span.shape, NO_SPAN, dtype=np.int64)
    found[is_span] = places[(offsets[:-1, None] + np.arange(width))[is_span]]
    found[counts == 0, 0] = 0
    return found
