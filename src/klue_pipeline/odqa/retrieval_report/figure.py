"""How many questions are found in how many passages: recall against depth, with intervals."""

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ticker import NullFormatter, NullLocator, PercentFormatter

from klue_pipeline.odqa.metrics.task_scores import depth_of
from klue_pipeline.odqa.retrieval_report.report import Report
from klue_pipeline.reporting.colors import choose_colors
from klue_pipeline.reporting.fonts import drawable_names, write_title

GOLD, ANSWER = "recall_at_", "answer_recall_at_"
"""What the scores of a curve begin with."""

_TITLES = {GOLD: "Gold passage among the best", ANSWER: "Answer in one of the best"}
_MARKERS = "osD^vPX*<"
_MOST_COLORS = 10
"""One more than there are markers, so that runs beyond these differ in one of the two."""
_COMBINED_STYLE = {"linewidth": 2.2, "linestyle": "--"}
_SINGLE_STYLE = {"linewidth": 1.2, "linestyle": "-"}
_TOP, _BELOW = 100.8, 3.0
_LEGEND_POINTS = 9
_APART = 1.025
"""Factor between the places of two runs at one depth, so that intervals stand side by side."""


def draw_recall(report: Report, title: str = "") -> Figure:
    """Draw recall of gold passages, and of answers, in two charts.

    Args:
        report: That of :func:`~klue_pipeline.odqa.retrieval_report.report.judge`, or of
            ``report_refusal``, of which a figure says why it is empty.
        title: What was searched or by which experiment; Korean is drawn where the machine has a
            Korean font.
    """
    if report["refused"]:
        return draw_refusal(title)
    figure = Figure(figsize=(13, 5.2), layout="constrained")
    charts = figure.subplots(1, 2, sharey=True)
    for axes, start in zip(charts, _TITLES, strict=True):
        _draw_chart(axes, report, start)
    if title:
        write_title(figure, title)
    # Once both are drawn: a range set before cuts off what the second one has further down.
    charts[0].set_ylim(_find_bottom(report, *_TITLES), _TOP)
    _add_legend(figure, charts[0], columns=4)
    return figure


def draw_refusal(title: str) -> Figure:
    """Draw what stands in place of a figure where nothing can be judged.

    Args:
        title: As in :func:`draw_recall`.
    """
    figure = Figure(figsize=(6.2, 2.2), layout="constrained")
    write_title(figure, title)
    figure.text(0.5, 0.4, "Nothing is judged: the report says why.", ha="center")
    return figure


def draw_curve(report: Report, start: str) -> Figure:
    """Draw one of the two charts alone, for a page.

    Args:
        report: As in :func:`draw_recall`.
        start: :data:`GOLD` or :data:`ANSWER`.
    """
    figure = Figure(figsize=(6.2, 5.4), layout="constrained")
    axes = figure.add_subplot()
    _draw_chart(axes, report, start)
    axes.set_ylim(_find_bottom(report, start), _TOP)
    _add_legend(figure, axes, columns=2)
    return figure


def _draw_chart(axes: Axes, report: Report, start: str) -> None:
    part, colors = report["main_part"], choose_colors(min(len(report["runs"]), _MOST_COLORS))
    for place, name in enumerate(report["runs"]):
        _draw_run(
            axes, _curve(report, name, start), _APART ** (place - (len(report["runs"]) - 1) / 2),
            label=name, color=colors[place % len(colors)], marker=_MARKERS[place % len(_MARKERS)],
            **_COMBINED_STYLE if name in report["combined"] else _SINGLE_STYLE,
        )  # fmt: skip
    count = report["questions"][part]["with_gold" if start == GOLD else "with_answers"]
    write_title(axes, f"{_TITLES[start]}: {count:,} {part} questions")
    _finish(
        axes, sorted({depth for name in report["runs"] for depth in _curve(report, name, start)})
    )


def _curve(report: Report, name: str, start: str) -> dict[int, dict[str, float]]:
    """Return the estimates of a run by depth; none where no question has an answer."""
    scores = report["runs"][name]["parts"][report["main_part"]]["scores"]
    return {depth_of(own) or 0: scores[own] for own in scores if own.startswith(start)}


def _find_bottom(report: Report, *starts: str) -> float:
    """Return where the charts begin: below the lowest interval."""
    lows = [own["low"] for start in starts for name in report["runs"]
            for own in _curve(report, name, start).values()]  # fmt: skip
    return max(-0.8, min(lows, default=0.0) - _BELOW)


def _draw_run(axes: Axes, curve: dict[int, dict[str, float]], shift: float, **style: Any) -> None:
    values = [own["value"] for own in curve.values()]
    below = [max(0.0, own["value"] - own["low"]) for own in curve.values()]
    above = [max(0.0, own["high"] - own["value"]) for own in curve.values()]
    axes.errorbar([depth * shift for depth in curve], values, [below, above], markersize=5,
                  elinewidth=0.9, capsize=2, **style)  # fmt: skip


def _finish(axes: Axes, depths: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("passages looked at")
    axes.set_ylabel("questions found")
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.grid(alpha=0.3)


def _add_legend(figure: Figure, axes: Axes, *, columns: int) -> None:
    lines, labels = axes.get_legend_handles_labels()
    names, path = drawable_names(labels)
    font = FontProperties(fname=path, size=_LEGEND_POINTS)
    figure.legend(lines, names, loc="outside lower center", ncols=columns, prop=font)
