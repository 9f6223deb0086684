"""Pages and figure: all numbers stand there, and nothing from data is run."""

import io
import re

import pytest
from retrieval_world import ATTACK, GOOD, PARAMS, POOR, make_truth

from klue_pipeline.odqa.retrieval_report.figure import draw_recall
from klue_pipeline.odqa.retrieval_report.misses import find_misses
from klue_pipeline.odqa.retrieval_report.page import render_misses, render_retrieval
from klue_pipeline.odqa.retrieval_report.report import Search, judge

COSTS = {"good": {"search_seconds": 3.0, "searched_questions": 2000, "index_bytes": 5 * 2**20}}


@pytest.fixture(scope="module")
def report():
    runs = {"poor": POOR, "좋은": GOOD, "fusion": GOOD}
    costs = {"좋은": COSTS["good"]}
    return judge(runs, make_truth(), PARAMS, Search(5, ("fusion",), frozenset({"좋은"}), costs))


def text_of(page):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL).split())


def test_the_report_shows_scores_costs_and_verdicts(report):
    page = render_retrieval(report, "hybrid", {"misses": "misses.html"})
    text = text_of(page)
    assert "3 validation questions find their gold passage among 7" in text
    assert "fusion does not beat the best single retriever, 좋은" in text
    assert "33.3 [" in text
    assert "1.50 ms" in text
    assert "5.0 MiB" in text
    assert "no passage for 1 questions" in text
    assert "learnt from these questions" in text
    assert 'href="misses.html"' in page
    assert page.count("<svg") == 2
    assert ATTACK not in page
    assert "&lt;script&gt;" in page


def test_a_single_retriever_has_no_comparisons():
    page = render_retrieval(judge({"good": GOOD}, make_truth(), PARAMS, Search(1)), ATTACK)
    assert "Paired comparisons" not in page
    assert "What each retriever adds" not in page
    assert ATTACK not in page


def test_misses_are_shown_and_escaped():
    page = render_misses(find_misses(POOR, make_truth(), "validation", "mrr", most=2), "bm25",
                         "validation")  # fmt: skip
    text = text_of(page)
    assert "3 of 3 validation questions do not have their gold passage first" in text
    assert "Shown are 2 of them" in text
    assert "Gold passage, nowhere in the run" in text
    misses = find_misses(POOR, make_truth(), "validation", "mrr")
    whole = render_misses(misses, ATTACK, "validation")
    assert "All are shown" in whole
    assert "holds the answer's string" in whole
    assert '<mark class="shared">' in whole
    assert ATTACK not in whole
    none = render_misses(find_misses(GOOD, make_truth(), "validation", "mrr"), "bm25", "validation")
    assert "0 of 3 validation questions" in text_of(none)


def test_the_figure_draws_every_run_once_and_no_formula(report, recwarn):
    figure = draw_recall(report, "$하이브리드")
    figure.savefig(io.BytesIO(), format="png")
    assert not [own for own in recwarn if "missing from" in str(own.message)]
    assert [axes.get_title() for axes in figure.axes] == [
        "Gold passage among the best: 3 validation questions",
        "Answer in one of the best: 3 validation questions",
    ]
    assert figure.get_suptitle() == "$하이브리드"
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["poor", "좋은", "fusion"]
