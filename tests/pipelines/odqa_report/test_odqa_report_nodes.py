"""The nodes of the report: every output tells the same, also where nothing can be judged."""

import json
from datetime import UTC, datetime

import pytest
from answer_world import (
    ANSWER,
    ANSWERS,
    CANDIDATES,
    EVALUATION,
    EXAMPLES,
    FIT,
    FOLDS,
    GOLD,
    GROUPS,
    N_BEST,
    PASSAGES,
    RUN,
)

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.pipelines.odqa_report.nodes import judge_answers, rank_answers
from klue_pipeline.runs.process import this_process
from klue_pipeline.runs.records.run_records import RunRecord


def judge(name, answers=ANSWERS, strategy="validation", gold=GOLD):
    folds = FOLDS.model_copy(update={"strategy": strategy})
    about = AboutParams(experiment=name, folder=name, why="")
    return judge_answers(
        CANDIDATES, N_BEST, answers, FIT, RUN, EXAMPLES, gold, GROUPS, PASSAGES,
        about, folds, ANSWER, EVALUATION,
    )  # fmt: skip


def record(status):
    ended = RunRecord(
        experiment="any", run_name=None, why="", kind="single", selection={},
        scores_every_fold=True, started_at=datetime(2026, 1, 1, tzinfo=UTC),
        process=this_process(), mlflow=None, git_commit=None, git_dirty=None,
    ).ended(status, "no memory" if status == "failed" else None)  # fmt: skip
    return ended.model_dump(mode="json")


@pytest.fixture(scope="module")
def judged():
    return judge("reader")


def test_an_experiment_is_judged(judged):
    metrics, report, table, figure, page, errors = judged
    assert metrics["exact_match"]["end_to_end"] == pytest.approx(200 / 7)
    assert report["failures"]["boundary"] == 1
    assert len(table) == 32
    assert figure.get_suptitle() == "reader"
    assert 'href="answer_errors.html#kind=boundary"' in page
    assert "../answer_leaderboard.html" in page
    assert "Answers of reader, one by one" in errors


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"strategy": "all"}, "odqa.folds.strategy=all"),
        ({"gold": GOLD[:0]}, "None of 7 validation questions has its answer"),
    ],
)
def test_where_nothing_can_be_judged_every_output_says_why(given, reason, caplog):
    metrics, report, table, _, page, errors = judge("refused", **given)
    assert metrics["exact_match"] == {"given_gold_passage": None, "end_to_end": None}
    assert report["refused"] in page
    assert report["refused"] in errors
    assert table.empty
    assert reason in report["refused"]
    assert report["refused"] in caplog.text


def test_all_experiments_that_answer_are_ranked(judged):
    reports = {
        "reader": judged[1],
        "worse": judge("worse", ANSWERS.assign(text="없음"))[1],
        "mine": judge("mine", gold=GOLD[:0])[1],
        "train_on_all": judge("train_on_all", strategy="all")[1],
    }
    # As they come from disk.
    loaders = {name: lambda own=own: json.loads(json.dumps(own)) for name, own in reports.items()}
    records = {name: lambda status=status: record(status) for name, status in
               (("bm25", "finished"), ("broken", "failed"), ("reader", "finished"))}  # fmt: skip
    table, page = rank_answers(loaders, records, judged[1], EVALUATION)
    assert table["experiment"].tolist() == ["reader", "worse", "broken", "mine", "train_on_all"]
    assert table["rank"].tolist()[:2] == [1, 2]
    assert table.loc[3:, ["rank", "exact_match", "rows"]].isna().all(axis=None)
    assert table["note"].iloc[3] == reports["mine"]["refused"]
    assert "learnt from the validation questions too" in table["note"].iloc[4]
    assert 'href="reader/answer_report.html"' in page
    assert 'href="train_on_all/answer_errors.html"' in page
    # A run that is refused itself knows what the others were asked.
    again, _ = rank_answers(loaders, records, reports["train_on_all"], EVALUATION)
    assert again["rank"].dropna().tolist() == [1, 2]
