"""The nodes of the report: every output tells the same, also where nothing can be judged."""

import json

import pytest
from retrieval_world import EXAMPLES, GOLD, GOOD, GROUPS, PARAMS, PASSAGES, POOR

from klue_pipeline.base_settings import AboutParams
from klue_pipeline.odqa.settings.retriever_params import RerankParams, RetrievalParams
from klue_pipeline.pipelines.odqa_retrieval_report.nodes import judge_retrieval, rank_retrieval

RETRIEVAL = RetrievalParams(retrievers=["poor", "good"], top_k=5)


def judge(name, gold=GOLD):
    return judge_retrieval(
        POOR, POOR, EXAMPLES, gold, GROUPS, PASSAGES, {"name": "weighted", "fitted_on": {}},
        AboutParams(experiment=name, folder=name, why=""), RETRIEVAL, RerankParams(name="none"),
        PARAMS, POOR, GOOD, {"costs": {"index_bytes": 1}}, {},
    )  # fmt: skip


@pytest.fixture(scope="module")
def judged():
    return judge("hybrid")


@pytest.fixture(scope="module")
def refused():
    return judge("mine", gold=GOLD[:0])


def test_retrievers_and_their_fusion_are_judged(judged):
    report, table, figure, page, misses = judged
    assert list(report["runs"]) == ["poor", "good", "fusion"]
    assert [run["trained"] for run in report["runs"].values()] == [False, False, True]
    assert report["scores"]["recall_at_1"] == 0
    assert set(table["retriever"]) == {"poor", "good", "fusion"}
    assert figure.get_suptitle() == "hybrid"
    assert 'href="misses.html"' in page
    assert "3 of 3 validation questions" in misses


def test_without_a_gold_passage_every_output_says_that_nothing_is_judged(refused, caplog):
    judge("mine", gold=GOLD[:0])
    report, table, figure, page, misses = refused
    reason = report["refused"]
    assert reason.startswith("None of 5 labelled questions has its answer")
    assert "odqa.passages.add_contexts=true" in reason
    assert report["scores"] == {}
    assert report["fusion"]["name"] == "weighted"
    assert table.empty
    assert "Nothing is judged" in figure.texts[-1].get_text()
    assert reason in page
    assert reason in misses
    assert reason in caplog.text


def test_an_experiment_that_is_not_judged_is_listed_without_a_rank(judged, refused):
    reports = {"hybrid": judged[0], "mine": refused[0]}
    # As they come from disk.
    loaders = {name: lambda own=own: json.loads(json.dumps(own)) for name, own in reports.items()}
    for own in reports.values():
        table, page = rank_retrieval(loaders, {}, own, PARAMS)
        assert table["experiment"].tolist() == ["hybrid", "mine"]
        assert table["rank"].isna().tolist() == [False, True]
        assert table.loc[1, ["recall_at_1", "mrr", "rows"]].isna().all()
        assert table["note"].iloc[1] == refused[0]["refused"]
        assert 'href="mine/retrieval_report.html"' in page
