"""The leaderboard of retrieval: scores from reports, paired differences, what is not comparable."""

import pytest
from retrieval_world import EXAMPLES, GOOD, PARAMS, PASSAGES, POOR, make_truth

from klue_pipeline.odqa.metrics.task_scores import ODQA_SCORES
from klue_pipeline.odqa.retrieval_report.leaderboard import rank_experiments
from klue_pipeline.odqa.retrieval_report.report import Search, fingerprint_passages, judge
from klue_pipeline.reporting.leaderboard import LeaderboardEntry, build_leaderboard
from klue_pipeline.reporting.leaderboard_page import render_leaderboard


def report(run, **changed):
    return judge({"run": run}, make_truth(**changed), PARAMS, Search(5))


def rank(reports, *failed, params=PARAMS):
    entries = {name: LeaderboardEntry(name, "single", "finished") for name in reports}
    entries |= {name: LeaderboardEntry(name, "single", "failed", error="no") for name in failed}
    return rank_experiments(entries, reports, fingerprint_passages(PASSAGES), params)


def test_experiments_are_ranked_and_compared_in_pairs():
    ranked = rank({"bm25": report(POOR), "dense": report(GOOD)}, "broken")
    assert [(own.rank, own.entry.name, own.entry.verdict) for own in ranked] == [
        (1, "dense", "best"), (2, "bm25", "worse"), (None, "broken", "")
    ]  # fmt: skip
    bm25 = ranked[1].entry
    assert (bm25.rows, bm25.common_rows, bm25.difference.difference) == (3, None, -100)
    assert bm25.score("mrr") == pytest.approx(100 / 9)
    noise = rank({"bm25": report(POOR), "same": report(POOR)})
    assert noise[1].entry.verdict == "no difference: noise"


def test_settings_of_now_decide_not_those_of_the_report():
    params = PARAMS.model_copy(update={"select_by": "mrr"})
    ranked = rank({"bm25": report(POOR), "dense": report(GOOD)}, params=params)
    assert ranked[1].entry.difference.difference == pytest.approx(100 / 9 - 100)
    deeper = PARAMS.model_copy(update={"select_by": "recall_at_10"})
    assert rank({"bm25": report(POOR)}, params=deeper)[0].rank is None


def test_other_passages_and_other_questions_are_told():
    stale = report(GOOD, passages=PASSAGES.assign(title="x"))
    only_train = report(POOR, examples=EXAMPLES[EXAMPLES["part"] == "train"])
    fewer = report(GOOD, examples=EXAMPLES[:2])
    ranked = rank({"now": report(GOOD), "stale": stale, "train": only_train, "fewer": fewer})
    found = {own.entry.name: own for own in ranked}
    assert found["stale"].rank is None
    assert "about other passages" in found["stale"].entry.note
    assert not found["stale"].entry.scores
    assert found["train"].rank is None
    assert found["train"].entry.partial == "train questions"
    assert found["train"].entry.verdict == "not comparable: no question in common"
    assert {found["now"].entry.common_rows, found["fewer"].entry.common_rows} == {None, 2}


def test_table_and_page_tell_of_questions_and_not_of_folds():
    ranked = rank({"bm25": report(POOR), "dense": report(GOOD)})
    table = build_leaderboard(ranked, ODQA_SCORES)
    assert table["recall_at_1"].tolist() == [100, 0]
    assert not {"folds", "mcnemar_p", "rows_per_second"} & set(table.columns)
    page = render_leaderboard(ranked, ODQA_SCORES.find("recall_at_1"), ODQA_SCORES, confidence=0.9)
    assert "Recall at 1</strong> of validation questions" in page
    assert "Folds" not in page
    assert "McNemar" not in page
    assert "out-of-fold" not in page
    nothing = render_leaderboard([], ODQA_SCORES.find("mrr"), ODQA_SCORES, confidence=0.9)
    assert "kedro run --pipelines odqa_retrieval" in nothing
