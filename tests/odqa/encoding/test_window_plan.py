"""Windows over tokens, against BERT's rule written as a loop."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.encoding.window_plan import plan_windows

passages = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 9)), min_size=1, max_size=4)


def best_window(windows, token):
    """The window with most context on the poorer side; of equals the first."""
    context = [
        min(token - start, end - 1 - token) if start <= token < end else -1
        for start, end in windows
    ]
    return context.index(max(context))


@given(passages, st.integers(0, 8))
def test_windows_cover_passages_and_own_each_token_once(drawn, stride):
    lengths, rooms = np.array(drawn).T
    plan = plan_windows(lengths, rooms + stride, stride)
    for passage, (length, room) in enumerate(zip(lengths, rooms + stride, strict=True)):
        own = np.flatnonzero(plan.passages == passage)
        windows = list(zip(plan.starts[own], plan.ends[own], strict=True))
        assert windows[0][0] == 0
        assert windows[-1][1] == length
        assert all(end - start <= room for start, end in windows)
        assert all(one[1] - other[0] == stride for one, other in pairwise(windows))
        owners = np.full(length, -1)
        for number, window in enumerate(own):
            stretch = slice(plan.owned_starts[window], plan.owned_ends[window])
            assert (owners[stretch] == -1).all()
            owners[stretch] = number
        assert owners.tolist() == [best_window(windows, token) for token in range(length)]
