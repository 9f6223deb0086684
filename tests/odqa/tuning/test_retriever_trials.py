"""One trial of a retriever: what it trains and searches, and by what it is judged."""

import pandas as pd
import pytest

from klue_pipeline.odqa.dense.pairing import TrainingTables
from klue_pipeline.odqa.metrics.retrieval import find_first_gold, score_gold_ranks
from klue_pipeline.odqa.metrics.truth import RetrievalTruth
from klue_pipeline.odqa.tuning import retriever_trials as tuning
from klue_pipeline.odqa.tuning.retriever_trials import RetrieverTrials

GOLD = pd.DataFrame(
    {
        "question_id": [f"q{number}" for number in range(9)],
        "passage_id": [f"p{number}" for number in range(9)],
        "shift": 0,
        "how": "text",
    }
)


@pytest.fixture
def trials(tiny_questions, tiny_passages, tmp_path):
    groups = tiny_passages[["passage_id"]].assign(group_id=tiny_passages["passage_id"])

    def make(gold=GOLD, **given):
        tables = TrainingTables(tiny_questions, tiny_passages, gold, groups)
        return RetrieverTrials(tables, "mrr", 7, tmp_path / "cache", tmp_path / "scratch", **given)

    return make


@pytest.fixture
def params(odqa_settings, encoder_folders):
    def make(experiment="dense_trained", **odqa):
        dense = {"max_question_tokens": 32, "max_passage_tokens": 48, "batch_size": 4}
        return odqa_settings(
            experiment=experiment,
            encoder={"name": str(encoder_folders["bert"])},
            retrievers={"dense_trained": dense, **odqa.pop("retrievers", {})},
            retriever_training={
                "epochs": 1, "batch_size": 3, "max_tokens": 48, "precision": "fp32",
                "device": "cpu", **odqa.pop("retriever_training", {}),
            },
            **odqa,
        )  # fmt: skip

    return make


def bm25(params, **changed):
    return params("bm25", retrievers={"bm25": changed})


@pytest.fixture
def counted(monkeypatch):
    """Count what is called; it is done all the same."""
    calls = []

    def count(name, real):
        return lambda *given, **named: calls.append((name, given)) or real(*given, **named)

    for name in ("train_retriever", "tokenise_passages", "mine_negatives", "prepare_tokenizer"):
        monkeypatch.setattr(tuning, name, count(name, getattr(tuning, name)))
    sparse = {name: count("index", fit) for name, fit in tuning.SPARSE.items()}
    monkeypatch.setattr(tuning, "SPARSE", sparse)
    return calls


def names_in(calls):
    found, calls[:] = [name for name, _ in calls], []
    return found


def test_a_retriever_that_learns_nothing_is_judged_on_the_validation_questions(trials, params):
    found = trials().evaluate(bm25(params), 1.0, "trial_0")
    trial = trials()
    tables = trial.tables
    run = trial._search(bm25(params), bm25(params).retrievers["bm25"], tables.examples)
    truth = RetrievalTruth.of(
        tables.examples, tables.gold_passages, tables.passage_groups, tables.passages
    )
    judged = (truth.questions["part"] == "validation").to_numpy()
    assert judged.sum() == 2
    assert found == score_gold_ranks(find_first_gold(run, truth)[judged])["mrr"]


def test_equal_settings_are_not_searched_again_and_tokens_are_kept(trials, params, counted):
    trial = trials()
    first = trial.evaluate(bm25(params), 1.0, "trial_0")
    assert names_in(counted) == ["tokenise_passages", "index"]
    trial.evaluate(bm25(params, k1=0.1, b=0.0), 1.0, "trial_1")
    assert names_in(counted) == ["index"]
    assert trial.evaluate(bm25(params), 1.0, "trial_2") == first
    assert names_in(counted) == []
    trial.evaluate(bm25(params, tokens="whitespace"), 1.0, "trial_3")
    assert names_in(counted) == ["tokenise_passages", "index"]


def test_a_trained_retriever_learns_from_a_share_and_leaves_nothing(
    trials, params, counted, tiny_questions, tmp_path
):
    trial = trials()
    whole = trial.evaluate(params(), 1.0, "trial_0")
    assert 0 < whole <= 100
    part = trial.evaluate(params(), 0.6, "trial_1")
    assert 0 < part <= 100
    learnt = [given[0].examples for name, given in counted if name == "train_retriever"]
    assert len(learnt[0]) == len(tiny_questions)
    assert set(learnt[1]["question_id"]) < set(learnt[0]["question_id"])
    assert (learnt[1]["part"] != "train").sum() == 3
    assert [name for name, _ in counted].count("mine_negatives") == 1
    assert not list((tmp_path / "scratch").glob("trial_*"))
    # Seeds and settings alone decide.
    assert trials().evaluate(params(), 1.0, "trial_5") == whole


@pytest.mark.parametrize("given", [False, True])
def test_hard_negatives_come_from_a_run(trials, params, counted, monkeypatch, given):
    monkeypatch.setattr(tuning.RetrieverTrials, "_train_and_search", lambda *_: None)
    monkeypatch.setattr(tuning.RetrieverTrials, "_judge", lambda *_: 1.0)
    rows = [(f"q{n}", f"p{(n + 1) % 10}", 1, 1.0) for n in range(9)]
    run = pd.DataFrame(rows, columns=["question_id", "passage_id", "rank", "score"])
    trial = trials(negatives_run=run) if given else trials()
    mined = trial._mine(params())
    assert ("index" in names_in(counted)) is not given
    deeper = trial._mine(params(contrastive={"negatives_depth": 1}))
    assert mined["question_id"].isin(GOLD["question_id"]).all()
    assert len(deeper) <= len(mined)
    without = params(contrastive={"negatives_from": None, "hard_negatives": 0})
    assert trial._mine(without) is None


def test_a_search_without_anything_to_judge_is_refused(trials):
    with pytest.raises(ValueError, match="None of 2 validation questions"):
        trials(gold=GOLD.iloc[:3]).require_questions()
    trials().require_questions()
