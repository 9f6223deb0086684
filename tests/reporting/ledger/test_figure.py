"""The figure of predicted against actual scores, as it stands in a page."""

import re
from xml.etree import ElementTree

import pytest

from klue_pipeline.reporting.ledger.figure import draw_forecasts
from klue_pipeline.reporting.ledger.offsets import Forecast

SVG = "{http://www.w3.org/2000/svg}"


def draw(*forecasts, prior="given"):
    numbered = {number: (own, prior) for number, own in enumerate(forecasts, start=1)}
    return draw_forecasts(numbered, "micro F1")


def marks_of(text):
    """Places of the marks: what is drawn again and again, with a fill and not on an axis."""
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    groups = [group for group in root.iter(f"{SVG}g")
              if group.get("id", "").startswith("line2d")]  # fmt: skip
    uses = [use for group in groups[-8:] for use in group.iter(f"{SVG}use")]
    return root, [(float(use.get("x")), float(use.get("y"))) for use in uses]


@pytest.mark.parametrize(
    "forecast",
    [
        Forecast(70.0, 68.0, 72.0, 71.0),
        Forecast(70.0, 0.0, 100.0, 100.0),
        Forecast(0.0, None, None, 100.0),
        Forecast(50.0, 50.0, 50.0, 50.0),
    ],
)
def test_marks_lie_inside_the_figure(forecast):
    root, places = marks_of(draw(forecast))
    *_, width, height = map(float, root.get("viewBox").split())
    assert places
    assert all(0 < x < width and 0 < y < height for x, y in places)


def test_texts_are_texts_and_the_same_input_gives_the_same_bytes():
    forecasts = Forecast(70.0, 68.0, 72.0, 71.0), Forecast(80.0, None, None, 72.0)
    text = draw(*forecasts)
    assert text.startswith("<svg")
    assert text == draw(*forecasts)
    assert {"predicted micro F1", "actual micro F1", "1", "2"} <= set(
        re.findall(r">([^<>]+)</text>", text)
    )
    assert not re.search(r"<metadata|<image|(?:href|src)=\"(?!#)|url\((?!#)", text)


def test_numbers_that_would_cover_each_other_are_left_out():
    close = [Forecast(at, None, None, at) for at in (70.0, 70.1, 80.0)]
    texts = re.findall(r">([^<>]+)</text>", draw(*close))
    assert [number for number in "123" if number in texts] == ["1", "3"]


def test_colour_says_whether_the_interval_held_and_a_plain_prior_is_hollow():
    held, missed, bare = (Forecast(70.0, low, high, 71.0)
                          for low, high in ((70.0, 71.0), (69.0, 70.9), (None, None)))  # fmt: skip
    colors = [re.findall("#(?:2b9a63|d0564a|4f86d6)", draw(own)) for own in (held, missed, bare)]
    assert [set(found) for found in colors] == [{"#2b9a63"}, {"#d0564a"}, {"#4f86d6"}]
    filled, hollow = draw(bare), draw(bare, prior="plain")
    assert filled != hollow
    assert "fill: #4f86d6" in filled
    assert "fill: #4f86d6" not in hollow
