"""Normalised text: what changes, what does not, and where every border goes."""

import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.text.normalise import STEPS, normalise

ALL = list(STEPS)
SUBSETS = [list(c) for n in range(len(ALL) + 1) for c in itertools.combinations(ALL, n)]
KOREAN = st.text(
    st.one_of(
        st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3),
        st.characters(min_codepoint=0x1100, max_codepoint=0x11FF),
        st.sampled_from(
            "  \t\n\u3000\xa0\u200b\u200d\ufeff\u2060\u3164“”‘’\"'`´′〈〉《》「」李李豈·"
        ),
        st.sampled_from("e\u0301\u0323\u0344\u3099か😀👨क\u093c"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=25,
)


@pytest.mark.parametrize(
    ("step", "text", "wanted"),
    [
        ("nfc", unicodedata.normalize("NFD", "한글 각"), "한글 각"),
        ("nfc", "e\u0301 \u304b\u3099", "\xe9 \u304c"),
        ("nfc", "\uf9e1舜臣", "\u674e舜臣"),  # 李 of the compatibility block
        ("nfc", "㈜다온 ½ ①", "㈜다온 ½ ①"),  # no compatibility folding
        ("quotes", "“가” „나‟ 〝다〟 ＂라＂ 마″", '"가" "나" "다" "라" 마"'),
        ("quotes", "‘가’ ‚나‛ `다´ ＇라＇ ′마′", "'가' '나' '다' '라' '마'"),
        ("quotes", "〈토지〉 《봄》 「시」 『책』 «글»", "〈토지〉 《봄》 「시」 『책』 «글»"),
        ("blanks", "가\xa0나\u3000다\u2009라\t마\r\n바\u3164사", "가 나 다 라 마 바 사"),
        ("blanks", "가  나 \u200b 다", "가 나 다"),
        ("blanks", "가\u200b나\ufeff다\u2060라", "가나다라"),
        ("blanks", "  가  ", " 가 "),
        ("blanks", "👨\u200d👩\u200d👧 가", "👨\u200d👩\u200d👧 가"),
    ],
)  # fmt: skip
def test_each_step_by_eye(step, text, wanted):
    assert normalise(text, [step]).text == wanted
    others = [name for name in ALL if name != step]
    if step == "blanks":
        assert normalise(text, others).text == text


@pytest.mark.parametrize(
    ("text", "new", "places"),
    [
        ("\u1100\u1161\u11a8나", "각나", [0, None, None, 1, 2]),
        ("가 \u3000나", "가 나", [0, 1, 2, 2, 3]),
        ("가\u200b나", "가나", [0, 1, 1, 2]),
        ("“가”", '"가"', [0, 1, 2, 3]),
        ("x\u0323\u200b나", "x\u0323나", [0, 1, 2, 2, 3]),
        ("e\u200b\u0301나", "\xe9나", [0, None, None, 1, 2]),
        ("", "", [0]),
    ],
)
def test_where_borders_go(text, new, places):
    found = normalise(text, ALL)
    assert (found.text, list(found.places)) == (new, places)


@given(KOREAN, st.sampled_from(SUBSETS), st.randoms())
def test_twice_is_once_and_the_order_of_the_steps_does_not_matter(text, steps, random):
    once = normalise(text, steps).text
    assert normalise(once, steps).text == once
    shuffled = random.sample(steps, len(steps))
    assert normalise(text, shuffled).text == once


@given(KOREAN)
def test_composing_is_unicodes_normal_form(text):
    assert normalise(text, ["nfc"]).text == unicodedata.normalize("NFC", text)


@given(KOREAN, st.sampled_from(SUBSETS))
def test_borders_never_fall_and_cover_the_whole_text(text, steps):
    new, places = normalise(text, steps)
    assert len(places) == len(text) + 1
    assert (places[0], places[-1]) == (0, len(new))
    known = [place for place in places if place is not None]
    assert known == sorted(known)
    if new == text:
        assert list(places) == list(range(len(text) + 1))


@given(KOREAN, st.sampled_from(SUBSETS), st.data())
def test_a_piece_between_known_borders_is_what_it_became(text, steps, data):
    """Piece by piece gives the whole, up to blanks that a cut takes apart."""
    new, places = normalise(text, steps)
    known = [border for border, place in enumerate(places) if place is not None]
    start, end = sorted(data.draw(st.tuples(st.sampled_from(known), st.sampled_from(known))))
    piece = new[places[start] : places[end]]
    alone = normalise(text[start:end], steps).text
    assert "".join(alone.split()) == "".join(piece.split())


def test_an_unknown_step_lists_the_known_ones():
    with pytest.raises(ValueError, match="no step nfkc; known are blanks, nfc, quotes"):
        normalise("가", ["nfc", "nfkc"])
