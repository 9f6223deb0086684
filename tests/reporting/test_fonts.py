"""Fonts: what can be drawn is drawn, what cannot is spelt, nothing becomes a box."""

import importlib.util
import sys
import warnings
from io import BytesIO
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FaceFlags

from klue_pipeline.reporting import fonts

KOREAN = ["관계_없음", "인물:직업"]


@pytest.fixture(autouse=True)
def forget_fonts():
    fonts.find_font.cache_clear()
    yield
    fonts.find_font.cache_clear()


@pytest.fixture
def no_package(monkeypatch):
    """koreanize-matplotlib is not installed."""
    monkeypatch.setattr(fonts, "find_spec", lambda name: None)


def make_font(path, letters):
    """A font in which each of the letters is a square."""
    names = {ord(letter): f"u{ord(letter):x}" for letter in sorted(set(letters))}
    pen = TTGlyphPen(None)
    for number, point in enumerate([(0, 0), (0, 500), (500, 500), (500, 0)]):
        pen.lineTo(point) if number else pen.moveTo(point)
    pen.closePath()
    builder = FontBuilder(1000, isTTF=True)
    order = [".notdef", *names.values()]
    builder.setupGlyphOrder(order)
    builder.setupCharacterMap(names)
    builder.setupGlyf(dict.fromkeys(order, pen.glyph()))
    builder.setupHorizontalMetrics(dict.fromkeys(order, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": path.stem, "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


def render(names, path):
    """Draw names without any warning of a missing letter."""
    figure = Figure()
    axes = figure.add_subplot()
    for place, name in enumerate(names):
        axes.text(0, place, name, fontproperties=FontProperties(fname=path), parse_math=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure.savefig(BytesIO(), format="png")


def test_korean_names_are_drawn_with_the_font_that_comes_along():
    names, path = fonts.drawable_names(KOREAN)
    assert names == KOREAN
    assert path.name == "NanumGothic.ttf"
    assert "koreanize_matplotlib" in path.parts
    render(names, path)


def test_the_package_of_the_font_is_found_and_not_imported():
    assert importlib.util.find_spec("koreanize_matplotlib")
    fonts.drawable_names(KOREAN)
    assert "koreanize_matplotlib" not in sys.modules


def test_plain_latin_names_keep_the_usual_font():
    assert fonts.drawable_names(["no_relation", "per:title"]) == (
        ["no_relation", "per:title"],
        None,
    )


def test_an_emoji_is_written_as_its_code_point(monkeypatch):
    monkeypatch.setattr(fonts, "findSystemFonts", list)
    names, path = fonts.drawable_names(["기쁨 😀", "漢字"])
    assert names == ["기쁨 U+1F600", "漢字"]
    assert path.name == "NanumGothic.ttf"
    render(names, path)


def test_what_cannot_be_seen_is_written_too():
    names, _ = fonts.drawable_names(["a\u200bb", "탭\t끝", "줄\n바꿈"])
    assert names == ["aU+200Bb", "탭U+0009끝", "줄U+000A바꿈"]


@settings(max_examples=12, deadline=None)
@given(
    st.lists(
        st.text("가힣ㄱ한漢𠮷😀🇰🇷é\u200d\u0301\uf8ff$\\_ ~」", max_size=6), min_size=1, max_size=4
    )
)
def test_whatever_comes_nothing_is_a_box(names):
    drawn, path = fonts.drawable_names(names)
    assert len(drawn) == len(names)
    render(drawn, path)


def test_a_font_of_the_machine_is_taken_if_it_has_more_letters(monkeypatch, tmp_path):
    rich = make_font(tmp_path / "Rich.ttf", "기쁨 😀")
    poor = make_font(tmp_path / "Poor.ttf", "기")
    broken = tmp_path / "nanumgothic-broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(broken), str(poor), str(rich)])
    assert fonts.drawable_names(["기쁨 😀"]) == (["기쁨 😀"], rich)


@pytest.mark.usefixtures("no_package")
def test_without_the_package_a_korean_font_of_the_machine_is_taken(monkeypatch, tmp_path):
    other = make_font(tmp_path / "AAA.ttf", "".join(KOREAN))
    nanum = make_font(tmp_path / "NanumSquares-Regular.ttf", "".join(KOREAN))
    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(other), str(nanum)])
    assert fonts.drawable_names(KOREAN) == (KOREAN, nanum)


@pytest.mark.usefixtures("no_package")
def test_without_any_korean_font_names_are_romanised_and_the_remedy_is_logged(monkeypatch, caplog):
    monkeypatch.setattr(fonts, "findSystemFonts", list)
    names, path = fonts.drawable_names(KOREAN)
    assert names == ["gwangye_eobseum", "inmul:jigeob"]
    render(names, path)
    assert caplog.text.count("koreanize-matplotlib") == 1


def test_a_picture_font_is_not_taken(monkeypatch, tmp_path):
    """Colour emoji come in one size, in which they cannot be drawn here."""
    path = make_font(tmp_path / "Emoji.ttf", "😀")

    class OneSize:
        face_flags = FaceFlags(0)

        def __init__(self, name):
            pass

    monkeypatch.setattr(fonts, "findSystemFonts", lambda: [str(path)])
    monkeypatch.setattr(fonts, "FT2Font", OneSize)
    fonts._letters_of.cache_clear()
    try:
        assert fonts._letters_of(Path(path)) == frozenset()
    finally:
        fonts._letters_of.cache_clear()
