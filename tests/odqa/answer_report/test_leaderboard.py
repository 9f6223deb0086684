"""The leaderboard of answers: paired differences, and what cannot be compared."""

import pandas as pd
import pytest
from answer_world import ANSWERS, EVALUATION, EXAMPLES, GOLD, PASSAGES, make_questions, make_report

from klue_pipeline.odqa.answer_report.leaderboard import rank_experiments
from klue_pipeline.odqa.answer_report.report import fingerprint_task, report_refusal
from klue_pipeline.odqa.metrics.task_scores import READER_SCORES
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, build_leaderboard
from klue_pipeline.reporting.leaderboard_page import render_leaderboard

SCORE = READER_SCORES.find("exact_match")
WORSE = ANSWERS.assign(text="없음")


def rank(reports, *failed, params=EVALUATION):
    entries = {name: LeaderboardEntry(name, "single", "finished") for name in reports}
    entries |= {name: LeaderboardEntry(name, "single", "failed", error="no") for name in failed}
    return rank_experiments(entries, reports, fingerprint_task(make_questions()), params)


def test_experiments_are_ranked_by_what_they_answer_end_to_end():
    reports = {"worse": make_report(answers=WORSE), "reader": make_report(), "same": make_report()}
    ranked = rank(reports, "broken")
    assert [(own.rank, own.entry.name, own.entry.verdict) for own in ranked] == [
        (1, "reader", "best"), (1, "same", "no difference: noise"), (3, "worse", "worse"),
        (None, "broken", ""),
    ]  # fmt: skip
    worse = ranked[2].entry
    assert worse.difference.difference == pytest.approx(-200 / 7)
    assert worse.mcnemar_p == 0.5
    assert worse.score("exact_match_given_gold_passage") == pytest.approx(600 / 7)
    table = build_leaderboard(ranked, READER_SCORES)
    assert table["exact_match"].tolist()[:3] == pytest.approx([200 / 7, 200 / 7, 0])
    assert {"character_f1_given_gold_passage_low", "test_exact_match"} <= set(table.columns)
    assert table["mcnemar_p"].tolist()[1:3] == [1, 0.5]
    page = render_leaderboard(ranked, SCORE, READER_SCORES, confidence=0.9)
    assert "exact match: p = 0.500" in page
    assert "which is about exact match." in page
    assert "Folds" not in page
    assert "test_exact_match_given_gold_passage" not in table.columns
    by_f1 = EVALUATION.model_copy(update={"select_answers_by": "character_f1"})
    assert rank(reports, params=by_f1)[2].entry.difference.difference < -200 / 7


def test_a_score_given_the_gold_passage_rests_on_the_questions_that_have_one():
    report = make_report(gold=GOLD[GOLD["question_id"] != "right"])
    fewer = rank({"fewer": report, "reader": make_report()})
    found = {own.entry.name: own.entry for own in fewer}
    assert found["fewer"].score("exact_match_given_gold_passage") == pytest.approx(500 / 6)
    assert (found["fewer"].rows, found["fewer"].common_rows) == (7, None)
    none = rank({"none": make_report(gold=GOLD[:0])})[0]
    assert (none.rank, none.entry.score("exact_match_given_gold_passage")) == (1, None)


OTHER_TITLES = PASSAGES.assign(title="x")


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        ({"passages": OTHER_TITLES}, "about other passages than those of now"),
        ({"examples": EXAMPLES.drop(index=0)}, "about other questions than those of now"),
        ({"examples": EXAMPLES.drop(index=0), "passages": OTHER_TITLES},
         "about other questions and passages than"),
        (None, "learnt from them"),
    ],
)  # fmt: skip
def test_what_is_not_comparable_is_listed_with_the_reason(changed, note):
    refused = report_refusal(make_questions(), "The reader learnt from them.")
    other = refused if changed is None else make_report(**changed)
    ranked = rank({"other": other, "reader": make_report()})
    assert [(own.rank, own.entry.name) for own in ranked] == [(1, "reader"), (None, "other")]
    assert note in ranked[1].entry.note
    assert not ranked[1].entry.scores
    assert ranked[1].entry.difference is None


def test_outcomes_can_be_read_from_json():
    outcomes = make_report(gold=GOLD[:3])["outcomes"]
    assert outcomes["exact_match_given_gold_passage"][3:] == [None] * 4
    assert pd.DataFrame(outcomes)["exact_match_given_gold_passage"].dtype == "float64"
