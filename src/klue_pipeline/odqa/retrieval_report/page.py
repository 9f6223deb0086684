"""The report of retrieval as a page, and the page of what was missed.

Numbers become texts here and in the templates; everything from data is escaped by these.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from klue_pipeline.odqa.metrics.task_scores import ANSWER_SCORES, ODQA_SCORES
from klue_pipeline.odqa.retrieval_report.comparisons import BETTER
from klue_pipeline.odqa.retrieval_report.misses import Misses
from klue_pipeline.odqa.retrieval_report.report import Report
from klue_pipeline.reporting.leaderboard import WORSE
from klue_pipeline.reporting.pages import render_page
from klue_pipeline.reporting.task_scores import Score

_MEBIBYTE = 2**20
_MILLISECONDS = 1000
_VERDICT_TONES = {BETTER: "good", WORSE: "bad"}
NOTHING = "–"


@dataclass(frozen=True)
class ScoreTable:
    """The scores of all runs on one part.

    Attributes:
        part: Name of the part.
        scores: Its columns.
        best: The highest value of each, to set it off.
    """

    part: str
    scores: list[Score]
    best: Mapping[str, float]


def render_retrieval(report: Report, title: str, pages: Mapping[str, str] | None = None) -> str:
    """Write the report as one HTML document that needs nothing else.

    Args:
        report: That of :func:`~klue_pipeline.odqa.retrieval_report.report.judge`, or of
            ``report_refusal``, of which the page says why nothing is judged.
        title: Which experiment it is.
        pages: Other pages, from the folder of this one, by what they are called.
    """
    if report["refused"]:
        return render_page("retrieval", title=title, report=report)
    main, *others = report["questions"]
    return render_page(
        "retrieval",
        title=title,
        report=report,
        pages=pages or {},
        confidence=f"{100 * report['confidence']:.4g} %",
        select_by=ODQA_SCORES.find(report["select_by"]),
        gold=_table(report, main, ODQA_SCORES.scores),
        answer=_table(report, main, ANSWER_SCORES),
        others=[_table(report, part, ODQA_SCORES.scores) for part in others],
        costs={name: _describe_costs(run["costs"]) for name, run in report["runs"].items()},
        comparisons=[one for one in report["comparisons"] if one["score"] == report["select_by"]],
        tones=_VERDICT_TONES,
        figures=_draw(report),
    )


def render_misses(misses: Misses, title: str, part: str) -> str:
    """Write what was missed as one HTML document that needs nothing else.

    Args:
        misses: Those of :func:`~klue_pipeline.odqa.retrieval_report.misses.find_misses`.
        title: Which experiment it is.
        part: Whose questions they are.
    """
    return render_page("misses", title=title, refused=None, part=part, misses=misses)


def render_no_misses(reason: str, title: str) -> str:
    """Write the page of an experiment whose runs cannot be judged.

    Args:
        reason: Why not.
        title: Which experiment it is.
    """
    return render_page("misses", title=title, refused=reason)


def _table(report: Report, part: str, scores: tuple[Score, ...]) -> ScoreTable:
    known = [run["parts"][part]["scores"] for run in report["runs"].values()]
    shown = [score for score in scores if score.name in known[0]]
    best = {score.name: max(own[score.name]["value"] for own in known) for score in shown}
    return ScoreTable(part, shown, best)


def _describe_costs(costs: Mapping[str, float]) -> dict[str, str]:
    """Say what a question takes to search, and what the index takes.

    >>> _describe_costs({"search_seconds": 2.0, "searched_questions": 1000, "index_bytes": 2**21})
    {'search': '2.00 ms', 'size': '2.0 MiB'}
    """
    seconds, questions = costs.get("search_seconds"), costs.get("searched_questions")
    size = costs.get("index_bytes")
    search = NOTHING
    if seconds is not None and questions:
        search = f"{_MILLISECONDS * seconds / questions:.2f} ms"
    return {
        "search": search,
        "size": NOTHING if size is None else f"{size / _MEBIBYTE:,.1f} MiB",
    }


def _draw(report: Report) -> dict[str, Markup]:
    """Draw the curves that there are, by what they show."""
    # On demand, because pages are imported by every command and matplotlib is slow.
    from klue_pipeline.odqa.retrieval_report.figure import ANSWER, GOLD, draw_curve
    from klue_pipeline.reporting.pages.svg import write_svg

    main: Any = report["questions"][report["main_part"]]
    curves = {GOLD: "the gold passage"} | ({ANSWER: "an answer"} if main["with_answers"] else {})
    return {what: write_svg(draw_curve(report, start), start) for start, what in curves.items()}
