"""Figures as SVG elements that stand in a page."""

import io

from markupsafe import Markup
from matplotlib import rc_context
from matplotlib.figure import Figure

_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


def write_svg(figure: Figure, salt: str) -> Markup:
    """Write a figure as an ``<svg>`` element.

    Args:
        figure: Its texts stay texts, escaped by matplotlib.
        salt: Tells the ids inside of it from those of other figures in the page.

    Returns:
        The same bytes for the same figure and salt.
    """
    written = io.StringIO()
    with rc_context({"svg.hashsalt": salt, "svg.fonttype": "none"}):
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    text = written.getvalue()
    return Markup(text[text.index("<svg") :])  # noqa: S704 - escaped by matplotlib
