"""How many questions are found in how many passages: recall against depth, with intervals."""

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
_MARKERS = "osD^vPX*<>"
_LEGEND_POINTS = 9
_APART = 1.025
"""Factor between the places of two runs at one depth, so that intervals stand side by side."""


def draw_recall(report: Report, title: str = "") -> Figure:
    """Draw recall of gold passages, and of answers, in two charts.

    Args:
        report: That of :func:`~klue_pipeline.odqa.retrieval_report.report.judge`.
        title: What was searched or by which experiment; Korean is drawn where the machine has a
            Korean font.
    """
    figure = Figure(figsize=(13, 5.2), layout="constrained")
    charts = figure.subplots(1, 2, sharey=True)
    for axes, start in zip(charts, _TITLES, strict=True):
        _draw_chart(axes, report, start, title)
    _add_legend(figure, charts[0], columns=4)
    return figure


def draw_curve(report: Report, start: str) -> Figure:
    """Draw one of the two charts alone, for a page.

    Args:
        report: As in :func:`draw_recall`.
        start: :data:`GOLD` or :data:`ANSWER`.
    """
    figure = Figure(figsize=(6.2, 5.4), layout="constrained")
    axes = figure.add_subplot()
    _draw_chart(axes, report, start, "")
    _add_legend(figure, axes, columns=2)
    return figure


def _draw_chart(axes: Axes, report: Report, start: str, title: str) -> None:
    names, part = list(report["runs"]), report["main_part"]
    depths: set[int] = set()
    for place, (name, color) in enumerate(zip(names, choose_colors(len(names)), strict=True)):
        scores = report["runs"][name]["parts"][part]["scores"]
        curve = {depth_of(score) or 0: scores[score] for score in scores if score.startswith(start)}
        depths |= curve.keys()
        shift = _APART ** (place - (len(names) - 1) / 2)
        _draw_run(axes, curve, shift, name, is_combined=name in report["combined"], color=color,
                  marker=_MARKERS[place % len(_MARKERS)])  # fmt: skip
    count = report["questions"][part]["with_gold" if start == GOLD else "with_answers"]
    of_what = f" of {title}" if title else ""
    write_title(axes, f"{_TITLES[start]}{of_what}: {count:,} {part} questions")
    _finish(axes, sorted(depths))


def _draw_run(  # noqa: PLR0913 (how a line looks)
    axes: Axes, curve: dict[int, dict[str, float]], shift: float, name: str, *, is_combined: bool,
    color: object, marker: str,
) -> None:  # fmt: skip
    values = [own["value"] for own in curve.values()]
    below = [max(0.0, own["value"] - own["low"]) for own in curve.values()]
    above = [max(0.0, own["high"] - own["value"]) for own in curve.values()]
    axes.errorbar(
        [depth * shift for depth in curve], values, [below, above], label=name, color=color,
        marker=marker, markersize=5, elinewidth=0.9, capsize=2,
        linewidth=2.2 if is_combined else 1.2, linestyle="--" if is_combined else "-",
    )  # fmt: skip


def _finish(axes: Axes, depths: list[int]) -> None:
    axes.set_xscale("log")
    axes.set_xticks(depths, [str(depth) for depth in depths])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("passages looked at")
    axes.set_ylabel("questions found")
    axes.set_ylim(top=100.8)
    axes.yaxis.set_major_formatter(PercentFormatter(decimals=0))
    axes.grid(alpha=0.3)


def _add_legend(figure: Figure, axes: Axes, *, columns: int) -> None:
    lines, labels = axes.get_legend_handles_labels()
    names, path = drawable_names(labels)
    font = FontProperties(fname=path, size=_LEGEND_POINTS)
    figure.legend(lines, names, loc="outside lower center", ncols=columns, prop=font)
