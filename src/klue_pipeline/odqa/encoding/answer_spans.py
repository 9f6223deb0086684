"""Answers as spans of tokens: in their passage, and in the windows that hold them wholly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from klue_pipeline.odqa.encoding.windows import TokenPairs, Windows

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class AnswerSpans:
    """Spans of tokens that hold answers, those of a pair adjacent and in their given order.

    Attributes:
        pairs: Which pair each span is of. Shape of this and all below: (spans,).
        starts: Its first token, counted in the passage.
        ends: The place after its last.
        is_exact: Whether the tokens hold the answer and not a character more.
        n_lost: Answers of which no token holds a character.
    """

    pairs: Integers
    starts: Integers
    ends: Integers
    is_exact: NDArray[np.bool_]
    n_lost: int

    def cut(self, first: int, end: int) -> "AnswerSpans":
        """Return the spans of the pairs from ``first`` to before ``end``, counted from 0 anew."""
        own = slice(*np.searchsorted(self.pairs, [first, end]))
        return AnswerSpans(
            self.pairs[own] - first, self.starts[own], self.ends[own], self.is_exact[own], 0
        )


@dataclass(frozen=True)
class SpansInWindows:
    """The spans that each window holds wholly, counted in the window.

    Attributes:
        offsets: Where those of each window begin; the last entry is their number.
            Shape: (windows + 1,).
        starts: First tokens. Shape: (spans in windows,).
        ends: Places after the last ones.
    """

    offsets: Integers
    starts: Integers
    ends: Integers


def locate_answers(
    answers: Sequence[Sequence[str]], answer_starts: Sequence[Sequence[int]], pairs: TokenPairs
) -> AnswerSpans:
    """Find the smallest run of tokens that covers each answer.

    Answers of a pair that are covered by the same tokens are one span.

    Args:
        answers: The answers of each pair.
        answer_starts: Their places in the passage.
        pairs: The pairs in tokens.
    """
    found = [
        (pair, *span)
        for pair, places in enumerate(zip(answers, answer_starts, strict=True))
        for span in _different(_spans_of(pairs, pair, *places))
    ]
    columns = np.array(found, dtype=np.int64).reshape(-1, 4).T
    is_held = columns[1] < columns[2]
    pair, start, end, exact = columns[:, is_held]
    return AnswerSpans(pair, start, end, exact.astype(np.bool_), int((~is_held).sum()))


_Span = tuple[int, int, bool]


def _spans_of(
    pairs: TokenPairs, pair: int, answers: Sequence[str], answer_starts: Sequence[int]
) -> Iterator[_Span]:
    """Yield first token, end, and whether nothing more is covered, of each answer."""
    if not len(answers):
        return
    passages, passage = pairs.passages, pairs.passage_of[pair]
    own = slice(passages.offsets[passage], passages.offsets[passage + 1])
    starts, ends = passages.start_chars[own], passages.end_chars[own]
    # Sorted whatever the tokenizer did to the order of characters.
    reached = np.maximum.accumulate(ends)
    following = np.minimum.accumulate(starts[::-1])[::-1]
    for answer, given in zip(answers, answer_starts, strict=True):
        start_char = given + len(answer) - len(answer.lstrip())
        end_char = given + len(answer.rstrip())
        first = int(np.searchsorted(reached, start_char, side="right"))
        end = int(np.searchsorted(following, end_char, side="left"))
        held = first < end
        yield first, end, held and starts[first] == start_char and ends[end - 1] == end_char


def _different(spans: Iterator[_Span]) -> list[_Span]:
    """Return spans without those that begin and end as an earlier one."""
    found: dict[tuple[int, int], _Span] = {}
    for span in spans:
        found.setdefault(span[:2], span)
    return list(found.values())


def spans_in_windows(spans: AnswerSpans, windows: Windows) -> SpansInWindows:
    """Find the windows that hold each span wholly; neighbours may both hold one.

    Args:
        spans: Spans in passages.
        windows: The windows of the same pairs.

    Returns:
        The spans of each window, in their given order.
    """
    first, last = (np.searchsorted(windows.pairs, spans.pairs, side) for side in ("left", "right"))
    counts = last - first
    span = np.repeat(np.arange(len(spans.pairs)), counts)
    window = np.arange(len(span)) + np.repeat(first - np.cumsum(counts) + counts, counts)
    lengths = windows.passage_ends - windows.passage_starts
    starts = spans.starts[span] - windows.first_tokens[window]
    ends = spans.ends[span] - windows.first_tokens[window]
    held = np.flatnonzero((starts >= 0) & (ends <= lengths[window]))
    held = held[np.argsort(window[held], kind="stable")]
    before = windows.passage_starts[window[held]]
    n_held = np.bincount(window[held], minlength=len(windows))
    return SpansInWindows(
        offsets=np.concatenate([[0], np.cumsum(n_held)]),
        starts=starts[held] + before,
        ends=ends[held] + before,
    )
