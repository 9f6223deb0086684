"""Windows of rows that are longer than a model has positions for."""

from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.augmentation.words.mask_windows import cut_windows


@given(data=st.data())
def test_windows_show_every_mask_once_with_what_is_around_it(data):
    head, tail = data.draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    body = data.draw(st.integers(1, 120))
    places = data.draw(st.sets(st.integers(head, head + body - 1), min_size=1, max_size=12))
    max_tokens = head + tail + data.draw(st.integers(1, 40))
    ids = list(range(head + body + tail))
    masks = dict(enumerate(sorted(places)))
    seen = {}
    for window, inside in cut_windows(ids, masks, (head, tail), max_tokens):
        assert len(window) == min(len(ids), max_tokens)
        assert window[:head] == ids[:head]
        assert tail == 0 or window[-tail:] == ids[-tail:]
        middle = window[head : len(window) - tail]
        assert middle == list(range(middle[0], middle[0] + len(middle)))
        assert not seen.keys() & inside.keys()
        seen |= {number: window[place] for number, place in inside.items()}
        if len(ids) > max_tokens > head + tail + 7 and middle[-1] != head + body - 1:
            assert max(inside.values()) < head + 0.75 * len(middle) + 1
    assert seen == masks
