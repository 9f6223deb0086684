"""The page and the figure of the answers: all numbers stand there, and nothing from data is run."""

import io
import re

import pytest
from answer_world import ANSWERS, EXAMPLES, FIT, GOLD, make_questions, make_report
from retrieval_world import ATTACK

from klue_pipeline.odqa.answer_report.figure import COVERAGE, draw_chart, draw_risk_coverage
from klue_pipeline.odqa.answer_report.page import describe_fit, render_answers
from klue_pipeline.odqa.answer_report.report import report_refusal


@pytest.fixture(scope="module")
def report():
    return make_report()


def text_of(page):
    return " ".join(re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL).split())


def test_the_page_tells_what_the_reader_and_what_retrieval_lost(report):
    page = render_answers(report, ATTACK, "answer_errors.html", {"retrieval": "retrieval.html"})
    text = text_of(page)
    assert "7 validation questions are, 0 to 100; 2 passages of each question were read" in text
    assert "given the gold passage 85.7 [" in text
    assert "end to end 28.6 [" in text
    assert "lost by searching +57.1 [" in text
    assert "No answer was given to 1 question, which counts as wrong" in text
    assert "2 passages, particles left, with retrieval score" in text
    assert "changed 5 of 7 answers; where gold answers are known, 2 became right, 1 wrong" in text
    assert "not retrieved 1 14.3 %" in text
    # Confidences are half the probabilities.
    assert "0.3 and more 5 71.4 % 40.0" in text
    assert page.count("<svg") == 2
    assert 'href="answer_errors.html#kind=another_passage"' in page
    assert 'href="retrieval.html"' in page
    assert ATTACK not in page
    assert "&lt;script&gt;" in page


def test_what_there_is_not_is_not_shown():
    kind_of_data = EXAMPLES.assign(kind=ATTACK)
    page = render_answers(make_report(gold=GOLD[:0], examples=kind_of_data), "reader")
    text = text_of(page)
    assert "given the gold passage" not in text
    assert "lost by searching" not in text
    assert "By kind of question" not in text
    assert "Without a known gold passage, 7 questions count end to end alone" in text
    assert 'href="answer_errors' not in page
    assert ATTACK not in page


def test_a_report_that_was_refused_says_why():
    refused = report_refusal(make_questions(), f"The reader saw them. {ATTACK}")
    page = render_answers(refused, "train_on_all", "answer_errors.html")
    assert "No answer is judged. The reader saw them." in text_of(page)
    assert ATTACK not in page
    figure = draw_risk_coverage(refused, "train_on_all")
    assert not figure.axes
    assert "the report says why" in figure.texts[-1].get_text()


@pytest.mark.parametrize(
    ("changed", "wanted"),
    [
        ({"nested": True, "weight_fit": {"how": "fitted", "by_part": [1.5, 2]}},
         "each part by the others, whose weights are 1.5, 2."),
        ({"nested": False, "weight_fit": {"how": "fitted", "by_part": [1.5, 2]}}, "is 1 (fitted)."),
        ({"trimmed": {}}, "is 1 (given)."),
    ],
)  # fmt: skip
def test_what_was_fitted_is_told(changed, wanted):
    assert wanted in " ".join(describe_fit({**FIT, **changed}))


def test_the_figure_draws_each_measure_once(report, recwarn):
    figure = draw_risk_coverage(report, "$읽기")
    figure.savefig(io.BytesIO(), format="png")
    assert not [own for own in recwarn if "missing from" in str(own.message)]
    coverage, reliability = figure.axes
    assert coverage.get_title() == "Answers given: 7 validation questions"
    labels = [text.get_text() for text in coverage.get_legend().get_texts()]
    area = report["confidence_in_answers"]["confidence"]["area"]
    assert labels[0] == f"by calibrated confidence: area {area:.1f}"
    assert [label.split(":")[0] for label in labels[1:]] == [
        "by probability among all spans", "all answers given"
    ]  # fmt: skip
    drawn = coverage.lines[0].get_xydata().tolist()
    assert drawn[-1] == pytest.approx([100, 200 / 7])
    # No bin holds ten answers.
    assert reliability.lines[1].get_xydata().size == 0
    assert len(reliability.lines[2].get_xydata()) > 1
    alone = make_report(answers=ANSWERS.assign(confidence=float("nan")))
    assert len(draw_chart(alone, COVERAGE).axes[0].lines) == 2
