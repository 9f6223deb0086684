"""A whole ensemble, from answers to report and page."""

import re

import numpy as np
import pytest
from retrieval_world import ATTACK, EXAMPLES, PARAMS, make_truth

from klue_pipeline.odqa.answer_ensemble.combining import combine_answers
from klue_pipeline.odqa.answer_ensemble.members import NOT_ASKED, Asked, Selection
from klue_pipeline.odqa.answer_ensemble.report import render_ensemble, report_ensemble
from klue_pipeline.odqa.metrics.answer_judgement import judge_answers
from klue_pipeline.odqa.settings.reader_params import AnswerEnsembleParams

ASKED = Asked.of(EXAMPLES, make_truth())
SETTINGS = {"members": None, "method": "probability_sum", "ties": "shorter",
            "select_by": "exact_match"}  # fmt: skip


@pytest.fixture(name="members")
def members_fixture(n_best):
    return {
        "sure": n_best({"q0": [("박경리", 0.9)], "q1": [("서해", 0.6)], "q2": [("남해", 0.4)],
                        "q6": [("남해", 0.5), ("서해", 0.4)]}),
        ATTACK: n_best({"q0": [("토지", 0.3)], "q1": [("494 km", 0.5), ("494km", 0.4)],
                        "q2": [("서해", 0.5)], "q6": [("《서해》", 0.5), ("남해", 0.2)]}),
    }  # fmt: skip


def combine(members, unjudged=(), **changed):
    params = AnswerEnsembleParams(**{**SETTINGS, **changed})
    selection = Selection(members, dict.fromkeys(unjudged, NOT_ASKED), {"other": "it is broken"})
    return combine_answers(selection, ASKED, params, PARAMS), params


def test_the_report_says_how_good_members_and_methods_are(members):
    combined, params = combine(members)
    report = report_ensemble(combined, params)
    exact = {name: own["exact_match"]["value"] for name, own in report["members"].items()}
    assert exact == pytest.approx({"sure": 100 / 3, ATTACK: 100 / 3})
    # q0 박경리 (0.45), q1 서해 (0.3 against 0.25 and 0.2), q2 서해 (0.25).
    assert report["scores"]["exact_match"]["value"] == pytest.approx(200 / 3)
    assert report["best_member"] == "sure"
    assert report["oracle"] == pytest.approx(200 / 3)
    assert (report["test_questions"], report["judged_questions"]) == (1, 3)
    own = report["methods"]["probability_sum"]["over_best_member"]
    assert own["exact_match"]["difference"] == pytest.approx(100 / 3)
    assert own["mcnemar"] == {"first_only": 1, "second_only": 0, "p_value": 1.0}
    assert set(report["methods"]) == {"probability_sum", "weighted", "hard_vote"}
    assert report["skipped"] == {"other": "it is broken"}
    assert combined.n_best["text"].tolist() == ["《서해》", "남해"]
    assert combined.n_best["probability"].tolist() == pytest.approx([0.45, 0.35])


def test_one_member_is_judged_and_answers_as_it_does_alone(members):
    alone = {"sure": members["sure"]}
    combined, params = combine(alone)
    questions = ASKED.judging
    outcome = questions.score(questions.find_texts(members["sure"]))
    wanted = judge_answers({"sure": outcome}, questions, PARAMS)["sure"]
    for judgement in (combined.judged.members["sure"], *combined.judged.methods.values()):
        assert judgement.scores == wanted.scores
        np.testing.assert_array_equal(judgement.draws["exact_match"], wanted.draws["exact_match"])
    assert combined.n_best["text"].tolist() == ["남해", "서해"]
    assert "nothing to combine" in report_ensemble(combined, params)["verdict"]


def test_who_cannot_be_judged_votes_and_nothing_more(members, n_best):
    with_other = members | {"learnt all": n_best({"q6": [("동해", 1.0)]})}
    combined, params = combine(with_other, unjudged=["learnt all"])
    alone, _ = combine(members)
    assert combined.n_best["text"].tolist()[0] == "동해"
    assert combined.judged.methods["hard_vote"].scores == alone.judged.methods["hard_vote"].scores
    report = report_ensemble(combined, params)
    assert report["unjudged"] == {"learnt all": NOT_ASKED}
    assert report["voters"]["learnt all"] == pytest.approx(1 / 3)
    assert "learnt all, of which nothing can be told" in report["verdict"]
    with pytest.raises(ValueError, match="weighted cannot be fitted: learnt all"):
        combine(with_other, unjudged=["learnt all"], method="weighted")


def test_fitted_weights_are_those_that_answer_the_test_questions(members):
    combined, params = combine(members, method="weighted")
    report = report_ensemble(combined, params)
    assert report["voters"] == report["methods"]["weighted"]["weights"]
    assert sum(report["voters"].values()) == pytest.approx(1)


def test_fitted_weights_are_judged_on_what_they_were_not_fitted_on(n_best):
    # q0 alone, of a group of its own, shows that the first member should weigh more.
    questions = ("q0", "q1", "q2", "q6")
    others = n_best({name: [("다름", 0.7)] for name in questions})
    first = n_best({name: [("박경리", 0.6)] for name in questions})
    combined, params = combine({"first": first, "b": others, "c": others}, method="weighted")
    assert report_ensemble(combined, params)["scores"]["exact_match"]["value"] == 0
    assert combined.answers["text"].tolist() == ["박경리"]


@pytest.mark.parametrize("method", ["probability_sum", "hard_vote"])
def test_the_page_shows_everything_and_runs_nothing(members, n_best, method):
    combined, params = combine(members | {"c": n_best({})}, unjudged=["c"], method=method)
    page = render_ensemble(report_ensemble(combined, params))
    assert ATTACK not in page
    for words in ("McNemar", "Left out", "it is broken", NOT_ASKED, method):
        assert words in page


def test_where_nothing_can_be_told_the_report_and_the_page_say_so(members):
    combined, params = combine(members, unjudged=list(members))
    report = report_ensemble(combined, params)
    assert combined.judged is None
    assert "scores" not in report
    assert re.search("no member has answers to validation questions", report["verdict"])
    assert report["not_judged"] in render_ensemble(report)
    with pytest.raises(ValueError, match="cannot be fitted"):
        combine(members, unjudged=list(members), method="weighted")
