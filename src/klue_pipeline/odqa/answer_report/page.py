"""The report of answers as a page.

Numbers become texts here and in the template, which escapes everything from data.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from klue_pipeline.odqa.answer_report.confidence import MEASURES
from klue_pipeline.odqa.answer_report.failures import FAILURE_KINDS
from klue_pipeline.odqa.answer_report.report import Report
from klue_pipeline.odqa.answer_report.variants import SETTINGS
from klue_pipeline.odqa.metrics.answers import (
    CHARACTER_F1,
    EXACT_MATCH,
    SQUAD_EXACT_MATCH,
    SQUAD_F1,
)
from klue_pipeline.odqa.metrics.task_scores import READER_SCORES
from klue_pipeline.odqa.retrieval_report.comparisons import BETTER
from klue_pipeline.reporting.leaderboard import WORSE
from klue_pipeline.reporting.pages import render_page

METRIC_TITLES = {
    EXACT_MATCH: "exact match",
    CHARACTER_F1: "character F1",
    SQUAD_EXACT_MATCH: "SQuAD exact match",
    SQUAD_F1: "SQuAD F1",
}
"""What the metrics are called in the columns of a page."""

_VERDICT_TONES = {BETTER: "good", WORSE: "bad"}


def render_answers(
    report: Report,
    title: str,
    errors_page: str = "",
    pages: Mapping[str, str] | None = None,
) -> str:
    """Write the report as one HTML document that needs nothing else.

    Args:
        report: That of :func:`~klue_pipeline.odqa.answer_report.report.report_answers`, or of
            ``report_refusal``, of which the page says why nothing is judged.
        title: Which experiment it is.
        errors_page: Where every question can be looked at.
        pages: Other pages, from the folder of this one, by what they are called.
    """
    if report["refused"]:
        return render_page("answers", title=title, report=report)
    sure = report["confidence_in_answers"]
    measure = next(iter(sure))
    return render_page(
        "answers",
        title=title,
        report=report,
        pages={**({"every question": errors_page} if errors_page else {}), **(pages or {})},
        errors_page=errors_page,
        confidence=f"{100 * report['confidence']:.4g} %",
        score=READER_SCORES.find(report["select_by"]),
        metrics=METRIC_TITLES,
        settings=SETTINGS,
        kinds=FAILURE_KINDS,
        tones=_VERDICT_TONES,
        fitted=describe_fit(report["fit"]),
        facts=[_describe(name, own) for name, own in sure.items()],
        sure={"title": MEASURES[measure], "thresholds": sure[measure]["thresholds"]},
        figures=_draw(report),
    )


def describe_fit(fit: Mapping[str, Any]) -> list[str]:
    """Say in sentences what was fitted for choosing, and what cutting particles did.

    Args:
        fit: As ``odqa.answer_fit`` has it.

    >>> describe_fit({"retrieval_weight": 2.0, "weight_fit": {"how": "given"}})
    ['The weight of the retrieval score is 2 (given).']
    """
    how = fit.get("weight_fit", {})
    by_part = ", ".join(f"{weight:g}" for weight in how.get("by_part", []))
    weight = f"The weight of the retrieval score is {fit['retrieval_weight']:g}"
    sentences = [f"{weight} ({how['how']})." if how else f"{weight}."]
    if fit.get("nested") and by_part:
        sentences.append(
            "It was fitted on the judged questions, each part by the others, whose weights are "
            f"{by_part}."
        )
    if trimmed := fit.get("trimmed"):
        sentences.append(
            "Cutting particles and pairing marks changed {changed:,} of {answers:,} answers; where "
            "gold answers are known, {better:,} became right, {worse:,} wrong, and {same:,} stayed "
            "as they were.".format(**trimmed)
        )
    return sentences


def _describe(name: str, own: Mapping[str, Any]) -> str:
    return (
        f"The {MEASURES[name]} misses how often answers are right by {own['ece']:.1f} points on "
        f"average (ECE); giving the surest answers first has a mean exact match of "
        f"{own['area']:.1f}, where the best order had {own['best_area']:.1f}."
    )


def _draw(report: Report) -> dict[str, Markup]:
    """Draw the charts, by what they show."""
    # On demand, because pages are imported by every command and matplotlib is slow.
    from klue_pipeline.odqa.answer_report.figure import COVERAGE, RELIABILITY, draw_chart
    from klue_pipeline.reporting.pages.svg import write_svg

    shown = {
        "Exact match against the share of answers given": COVERAGE,
        "Exact match against how sure the pipeline is": RELIABILITY,
    }
    return {what: write_svg(draw_chart(report, chart), chart) for what, chart in shown.items()}
