"""Exact match against the share of answers given, and against how sure the pipeline is."""

from collections.abc import Callable
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from klue_pipeline.odqa.answer_report.confidence import MEASURES
from klue_pipeline.odqa.answer_report.report import Report
from klue_pipeline.odqa.retrieval_report.figure import draw_refusal
from klue_pipeline.reporting.colors import choose_colors
from klue_pipeline.reporting.fonts import write_title

COVERAGE, RELIABILITY = "coverage", "reliability"
"""The two charts."""

_COLORS = dict(zip(MEASURES, choose_colors(len(MEASURES)), strict=True))
_MARKERS = dict(zip(MEASURES, "os", strict=True))
_FEWEST_ANSWERS = 10
"""What fewer answers have in common says little."""


def draw_risk_coverage(report: Report, title: str = "") -> Figure:
    """Draw exact match against the share of answers given, and against how sure they are.

    Args:
        report: That of :func:`~klue_pipeline.odqa.answer_report.report.report_answers`, or of
            ``report_refusal``, of which a figure says why it is empty.
        title: Which experiment it is; Korean is drawn where the machine has a Korean font.
    """
    if report["refused"]:
        return draw_refusal(title)
    figure = Figure(figsize=(12, 5.2), layout="constrained")
    for axes, chart in zip(figure.subplots(1, 2), _CHARTS, strict=True):
        _CHARTS[chart](axes, report)
    if title:
        write_title(figure, title)
    return figure


def draw_chart(report: Report, chart: str) -> Figure:
    """Draw one of the two charts alone, for a page.

    Args:
        report: As in :func:`draw_risk_coverage`, of answers that were judged.
        chart: :data:`COVERAGE` or :data:`RELIABILITY`.
    """
    figure = Figure(figsize=(6.2, 5.2), layout="constrained")
    _CHARTS[chart](figure.add_subplot(), report)
    return figure


def _draw_coverage(axes: Axes, report: Report) -> None:
    for name, own in report["confidence_in_answers"].items():
        curve = own["curve"]
        # A curve of few points is one of few confidences: what lies between is not known.
        axes.step(curve["coverage"], curve["accuracy"], where="pre", color=_COLORS[name],
                  label=f"by {MEASURES[name]}: area {own['area']:.1f}")  # fmt: skip
    whole = report["confidence_in_answers"].values()
    for own in list(whole)[:1]:
        axes.axhline(own["curve"]["accuracy"][-1], color="gray", linestyle=":", linewidth=1,
                     label="all answers given")  # fmt: skip
    write_title(
        axes, f"Answers given: {report['questions']['judged']:,} {report['part']} questions"
    )
    axes.set_xlim(-2, 102)
    axes.set_xlabel("share of the questions that are answered, the surest first")
    _finish(axes)


def _draw_reliability(axes: Axes, report: Report) -> None:
    axes.plot([0, 100], [0, 100], color="gray", linestyle=":", label="right as often as sure")
    for name, own in report["confidence_in_answers"].items():
        style: dict[str, Any] = {"color": _COLORS[name], "marker": _MARKERS[name], "markersize": 5}
        filled = [row for row in own["reliability"] if row["rows"] >= _FEWEST_ANSWERS]
        sparse = [row for row in own["reliability"] if row["rows"] < _FEWEST_ANSWERS]
        axes.plot(*_points(filled), **style, label=f"{MEASURES[name]}: ECE {own['ece']:.1f}")
        axes.plot(*_points(sparse), **style, linestyle="", fillstyle="none")
    axes.plot([], [], color="gray", marker="o", fillstyle="none", linestyle="",
              label=f"fewer than {_FEWEST_ANSWERS} answers: says little")  # fmt: skip
    write_title(axes, "Right as often as sure?")
    axes.set_xlim(-2, 102)
    axes.set_xlabel("how sure the pipeline is")
    _finish(axes)


def _points(rows: list[dict[str, float]]) -> tuple[list[float], list[float]]:
    return [row["mean_confidence"] for row in rows], [row["accuracy"] for row in rows]


def _finish(axes: Axes) -> None:
    axes.set_ylim(-2, 102)
    axes.xaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.set_ylabel("exact match")
    axes.grid(alpha=0.3)
    axes.legend(loc="best", fontsize="small")


_CHARTS: dict[str, Callable[[Axes, Report], None]] = {
    COVERAGE: _draw_coverage,
    RELIABILITY: _draw_reliability,
}
