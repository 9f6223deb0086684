"""Windows: which tokens stay of a row that is too long."""

from itertools import accumulate, pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klue_pipeline.relation.encoding.windows import Lengths, TokenBlock, plan_window

PARTS = ("before", "open_1", "word_1", "close_1", "gap", "open_2", "word_2", "close_2", "after")


class Row:
    """A row given by the length of each part, in the order in which they stand."""

    def __init__(self, *sizes, query=0, special=3, shares_token=False):
        ends = list(accumulate(sizes))
        starts = [0, *ends[:-1]]
        self.parts = dict(zip(PARTS, map(range, starts, ends), strict=True))
        # A piece such as "@#" closes the first block and opens the second.
        overlap = 1 if shares_token and sizes[4] == 0 else 0
        self.first = TokenBlock(starts[1], starts[2], starts[3], ends[3])
        self.second = TokenBlock(starts[5] - overlap, starts[6], starts[7], ends[7])
        companions = query if isinstance(query, tuple) else (query,)
        self.lengths = Lengths(sum(sizes), companions, special)

    def plan(self, max_tokens, swap=False):
        blocks = (self.second, self.first) if swap else (self.first, self.second)
        return plan_window(self.lengths, *blocks, max_tokens)

    @property
    def markers(self):
        return [i for name in PARTS if name[:4] in ("open", "clos") for i in self.parts[name]]


def kept(window):
    return [index for span in window.ranges for index in range(*span)]


small, large = st.integers(0, 12), st.integers(0, 700)
sizes = st.one_of(small, large)
marker = st.integers(1, 6)
rows = st.builds(
    Row,
    *(sizes, marker, sizes, st.integers(1, 2), sizes, marker, sizes, st.integers(1, 2), sizes),
    query=st.lists(sizes, max_size=4).map(tuple),
    special=st.integers(0, 4),
    shares_token=st.booleans(),
)


def test_row_that_fits_is_untouched():
    row = Row(5, 3, 2, 1, 4, 3, 2, 1, 6, query=10)
    window = row.plan(40)
    assert (window.ranges, window.companions) == (((0, 27),), (10,))


def test_text_around_the_blocks_goes_first_and_evenly():
    row = Row(100, 4, 2, 1, 10, 4, 2, 1, 100)
    # 41 - 3 special - 24 from block to block leaves 14 for the text around: 7 and 7.
    assert row.plan(41).ranges == ((93, 131),)


def test_what_one_side_cannot_use_goes_to_the_other():
    row = Row(2, 4, 2, 1, 10, 4, 2, 1, 100)
    assert row.plan(41).ranges == ((0, 2 + 24 + 12),)


def test_gap_is_shortened_in_its_middle():
    row = Row(50, 4, 2, 1, 100, 4, 2, 1, 50)
    # 35 - 3 special - 14 in blocks leaves 18 of the gap: 9 on either side.
    assert row.plan(35).ranges == ((50, 57 + 9), (157 - 9, 164))


def test_words_are_shortened_in_their_middle_when_the_blocks_alone_do_not_fit():
    row = Row(50, 4, 100, 1, 10, 4, 3, 1, 50)
    # 33 - 3 special - 10 of markers leaves 20: all 3 of the short word, 17 of the long one.
    assert row.plan(33).ranges == ((50, 54 + 9), (154 - 8, 155), (165, 173))


def test_query_longer_than_half_the_room_is_cut_at_its_end():
    row = Row(50, 4, 2, 1, 10, 4, 2, 1, 50, query=60, special=3)
    assert row.plan(43).companions == (20,)


def test_query_may_use_what_the_sentence_leaves_free():
    row = Row(0, 4, 2, 1, 0, 4, 2, 1, 0, query=60, special=3)
    window = row.plan(43)
    assert (window.ranges, window.companions) == (((0, 14),), (26,))


def test_query_yields_to_the_markers():
    row = Row(9, 12, 5, 2, 9, 12, 5, 2, 9, query=60, special=3)
    window = row.plan(32)
    assert (len(kept(window)), window.companions) == (28, (1,))


def test_longest_companion_is_shortened_first():
    row = Row(50, 4, 2, 1, 10, 4, 2, 1, 50, query=(2, 60, 9, 5), special=3)
    # Half of the 40 tokens of room is for the four of them.
    assert row.plan(43).companions == (2, 7, 6, 5)


@given(rows, st.integers(32, 600), st.booleans())
@example(Row(0, 6, 300, 2, 0, 6, 300, 2, 0, query=500, shares_token=True), 32, False)
def test_no_row_of_any_length_loses_a_marker_or_outgrows_the_limit(row, max_tokens, swap):
    window = row.plan(max_tokens, swap)
    tokens = kept(window)
    assert set(row.markers) <= set(tokens)
    assert tokens == sorted(set(tokens))
    assert all(end < start for (_, end), (start, _) in pairwise(window.ranges))
    total = len(tokens) + sum(window.companions) + row.lengths.special
    assert total == min(row.lengths.total, max_tokens)
    if row.lengths.total <= max_tokens:
        assert tokens == list(range(row.lengths.sentence))


@given(rows, st.integers(32, 600))
def test_parts_go_in_order_of_importance(row, max_tokens):
    tokens = set(kept(row.plan(max_tokens)))
    left = {name: len(tokens.intersection(part)) for name, part in row.parts.items()}
    whole = {name: left[name] == len(part) for name, part in row.parts.items()}
    if not (whole["word_1"] and whole["word_2"]):
        assert left["gap"] == 0
    if not whole["gap"]:
        assert left["before"] == left["after"] == 0
    for one, other in (("before", "after"), ("word_1", "word_2")):
        assert abs(left[one] - left[other]) <= 1 or whole[min(one, other, key=left.get)]


@given(rows, st.integers(32, 600))
def test_companions_keep_half_the_room_or_what_they_need(row, max_tokens):
    window = row.plan(max_tokens)
    room, beside = max_tokens - row.lengths.special, sum(window.companions)
    if beside < sum(row.lengths.companions):
        assert beside >= room // 2 or set(kept(window)) == set(row.markers)
    if sum(row.lengths.companions) <= room // 2 and len(row.markers) <= room // 2:
        assert window.companions == row.lengths.companions


@given(rows, st.integers(32, 600))
def test_a_shortened_companion_is_as_long_as_the_longest_or_one_less(row, max_tokens):
    window = row.plan(max_tokens)
    for left, whole in zip(window.companions, row.lengths.companions, strict=True):
        assert left == whole or left >= max(window.companions) - 1


@given(rows, st.integers(32, 600))
def test_positions_count_the_kept_tokens_before(row, max_tokens):
    window = row.plan(max_tokens)
    for new, old in enumerate(kept(window)):
        assert window.position(old) == new
    for block in (row.first, row.second):
        length = window.position(block.end) - window.position(block.start)
        assert length == len([i for i in kept(window) if block.start <= i < block.end])


def test_markers_that_cannot_fit_are_refused_by_the_name_of_the_setting():
    row = Row(50, 20, 2, 1, 10, 20, 2, 1, 50)
    with pytest.raises(ValueError, match=r"max_tokens=32 leaves 29 .* markers alone take 42"):
        row.plan(32)
    assert len(kept(row.plan(45))) == 42
