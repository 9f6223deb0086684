from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.passages import character_windows
from klue_pipeline.odqa.passages.character_windows import WIDTH, WindowIndex

TEXTS = st.text(st.sampled_from("가나😀漢"), max_size=60)


@given(texts=st.lists(TEXTS, max_size=5), source=TEXTS, at_a_time=st.sampled_from([1, 40, 10**6]))
def test_windows_are_found_where_a_loop_finds_them(texts, source, at_a_time):
    windows = sorted({source[n : n + WIDTH] for n in range(len(source) - WIDTH + 1)})
    wanted = [
        (number, place, text[place : place + WIDTH])
        for number, text in enumerate([*texts, source])
        for place in range(len(text) - WIDTH + 1)
        if text[place : place + WIDTH] in windows
    ]
    before = character_windows._CHARACTERS_AT_A_TIME
    character_windows._CHARACTERS_AT_A_TIME = at_a_time
    try:
        assert list(WindowIndex(windows).find([*texts, source])) == wanted
    finally:
        character_windows._CHARACTERS_AT_A_TIME = before
