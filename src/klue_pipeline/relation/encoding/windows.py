"""Which tokens of a row stay when it is longer than the encoder may read.

Pure counting on token indices: nothing here knows texts or tokenizers. What goes first is what
says least about the relation: text outside the two entity blocks, then the middle of the text
between them, then the middle of the entities' own words. Marker tokens always stay.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class TokenBlock:
    """An entity with its markers, as token indices of the sentence: counted from 0, ends exclusive.

    Attributes:
        start: First token of the opening marker.
        word_start: First token that holds nothing of the opening marker.
        word_end: First token at or after ``word_start`` that holds some of the closing marker.
        end: Place after the closing marker's last token.
    """

    start: int
    word_start: int
    word_end: int
    end: int


@dataclass(frozen=True, slots=True)
class Window:
    """What stays of a sentence and of its companions.

    Attributes:
        ranges: Kept index ranges of the sentence's tokens, in order, apart, ends exclusive.
        companions: How many of the first tokens of each companion stay.
    """

    ranges: tuple[tuple[int, int], ...]
    companions: tuple[int, ...]

    def position(self, index: int) -> int:
        """Return how many kept tokens of the sentence stand before ``index``.

        For a kept token that is its new place.

        >>> Window(((0, 2), (5, 9)), ()).position(6)
        3
        """
        return sum(min(max(index - start, 0), end - start) for start, end in self.ranges)


@dataclass(frozen=True, slots=True)
class Lengths:
    """The lengths that decide whether a row fits, in tokens.

    Attributes:
        sentence: The marked sentence.
        companions: What stands beside the sentence and may be shortened: each text of the prefix
            and the query; a query with special tokens counts as the texts between them.
        special: The special tokens around, between and inside the texts, which always stay; those
            that mark the sentence's entities count to the sentence.
    """

    sentence: int
    companions: tuple[int, ...]
    special: int

    @property
    def total(self) -> int:
        """Tokens of the whole row."""
        return self.sentence + sum(self.companions) + self.special


def plan_window(
    lengths: Lengths, subject: TokenBlock, object_: TokenBlock, max_tokens: int
) -> Window:
    """Choose the tokens that stay, so that the row with its special tokens fits ``max_tokens``.

    A row that fits stays whole. Otherwise companions that are together longer than half the room
    are cut at their ends, the longest first (never below what the sentence leaves free), and the
    sentence gets the rest: blocks first, then the gap between them, shortened in its middle, then
    the text around them, kept as evenly on both sides as there is text. If not even the blocks fit,
    the entities' words are shortened in their middle.

    Args:
        lengths: Tokens of the sentence, its companions and the special tokens.
        subject: The subject's block; may stand before or after the object's. Neighbouring blocks
            may share a token.
        object_: The object's block.
        max_tokens: Longest row in tokens, special tokens and companions included.

    Raises:
        ValueError: Not even the marker tokens fit ``max_tokens``.
    """
    if lengths.total <= max_tokens:
        return Window(((0, lengths.sentence),), lengths.companions)
    segments = _cut_at_blocks(lengths.sentence, subject, object_)
    room = max_tokens - lengths.special
    marker_tokens = sum(end - start for start, end in segments.markers)
    if marker_tokens > room:
        raise ValueError(
            f"max_tokens={max_tokens} leaves {room} tokens beside {lengths.special} special ones, "
            f"but the entity markers alone take {marker_tokens}; raise training.max_tokens."
        )
    at_least_half = max(room // 2, room - lengths.sentence)
    beside = min(sum(lengths.companions), at_least_half, room - marker_tokens)
    return Window(
        ranges=_keep(segments, room - beside - marker_tokens),
        companions=_share(beside, lengths.companions),
    )


Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Segments:
    """The sentence cut at the borders of its blocks; a range may be empty."""

    before: Range
    first_word: Range
    gap: Range
    second_word: Range
    after: Range
    markers: tuple[Range, Range, Range, Range]


def _cut_at_blocks(sentence_tokens: int, subject: TokenBlock, object_: TokenBlock) -> _Segments:
    first, second = sorted((subject, object_), key=lambda block: (block.start, block.end))
    # A token that holds the end of one block and the start of the next belongs to the first.
    first_word_end = max(first.word_start, min(first.word_end, second.start))
    borders = [0, first.start, first.word_start, first_word_end, first.end]
    for border in (second.start, second.word_start, second.word_end, second.end, sentence_tokens):
        borders.append(max(border, borders[-1]))
    before, open_1, word_1, close_1, gap, open_2, word_2, close_2, after = pairwise(borders)
    return _Segments(before, word_1, gap, word_2, after, (open_1, close_1, open_2, close_2))


def _keep(segments: _Segments, room: int) -> tuple[Range, ...]:
    """Fill ``room`` tokens beside the markers in order of importance; return the kept ranges."""
    words = _share(room, (_length(segments.first_word), _length(segments.second_word)))
    room -= sum(words)
    gap = min(room, _length(segments.gap))
    room -= gap
    before, after = _share(room, (_length(segments.before), _length(segments.after)))
    kept = [
        (segments.before[1] - before, segments.before[1]),
        *_without_middle(segments.first_word, words[0]),
        *_without_middle(segments.gap, gap),
        *_without_middle(segments.second_word, words[1]),
        (segments.after[0], segments.after[0] + after),
        *segments.markers,
    ]
    return _joined(kept)


def _share(room: int, wishes: Sequence[int]) -> tuple[int, ...]:
    """Split ``room`` between wishes as evenly as they allow; the first ones get odd tokens.

    >>> _share(10, (3, 20)), _share(11, (20, 20)), _share(10, (2, 3)), _share(9, (1, 8, 6, 2))
    ((3, 7), (6, 5), (2, 3), (1, 3, 3, 2))
    """

    def cut_to(level: int) -> list[int]:
        return [min(wish, level) for wish in wishes]

    level = bisect_right(range(room + 1), room, key=lambda level: sum(cut_to(level))) - 1
    given = cut_to(level)
    unserved = [place for place, wish in enumerate(wishes) if wish > level]
    for place in unserved[: room - sum(given)]:
        given[place] += 1
    return tuple(given)


def _without_middle(whole: Range, kept: int) -> tuple[Range, Range]:
    """Keep ``kept`` tokens of a range, from both of its ends.

    >>> _without_middle((10, 20), 5)
    ((10, 13), (18, 20))
    """
    tail = kept // 2
    return (whole[0], whole[0] + kept - tail), (whole[1] - tail, whole[1])


def _joined(ranges: list[Range]) -> tuple[Range, ...]:
    """Sort ranges, leave out empty ones and join those that touch.

    >>> _joined([(5, 7), (0, 2), (2, 2), (7, 9)])
    ((0, 2), (5, 9))
    """
    joined: list[Range] = []
    for start, end in sorted(span for span in ranges if span[0] < span[1]):
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return tuple(joined)


def _length(span: Range) -> int:
    return span[1] - span[0]
