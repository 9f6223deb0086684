"""Fused runs against loops over dictionaries, and weights against all weights tried one by one."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.odqa.fusion.fusing import cut_tail, fuse
from klue_pipeline.odqa.ingest.schema import Run
from klue_pipeline.odqa.passages.run_table import rank_run
from klue_pipeline.odqa.settings.retriever_params import FusionParams

N_QUESTIONS, N_PASSAGES = 40, 15
RECIPROCAL = FusionParams(name="reciprocal_rank", rank_constant=60)


def draw_run(seed, bonus, n_found=8):
    """A run that likes the gold passage, which is that of the question's number, by ``bonus``."""
    draw, rows = np.random.default_rng(seed), []
    for question in range(N_QUESTIONS):
        scores = draw.normal(5, 1, N_PASSAGES)
        scores[question % N_PASSAGES] += bonus
        found = draw.choice(N_PASSAGES, draw.integers(0, n_found), replace=False)
        rows += [(f"q{question}", f"p{passage}", scores[passage]) for passage in found]
    return rank_run(pd.DataFrame(rows, columns=["question_id", "passage_id", "score"]))


@pytest.fixture(scope="module")
def runs():
    return {"good": draw_run(0, 3), "fair": draw_run(1, 1.5), "noise": draw_run(2, 0)}


@pytest.fixture(scope="module")
def tables():
    ids = [f"q{question}" for question in range(N_QUESTIONS)]
    examples = pd.DataFrame({"question_id": ids, "part": ["train"] * 30 + ["validation"] * 10})
    gold = pd.DataFrame(
        {"question_id": ids, "passage_id": [f"p{n % N_PASSAGES}" for n in range(N_QUESTIONS)]}
    )
    passage_ids = [f"p{passage}" for passage in range(N_PASSAGES)]
    return examples, gold, pd.DataFrame({"passage_id": passage_ids, "group_id": passage_ids})


def as_scores(run):
    scores = {}
    for question, passage, score in run[["question_id", "passage_id", "score"]].to_numpy():
        scores.setdefault(question, {})[passage] = score
    return scores


def naive_weighted(runs, weights, normalise):
    fused = {}
    for name, run in runs.items():
        for question, scores in as_scores(run).items():
            values = np.array(list(scores.values()))
            if normalise == "min_max":
                width = np.ptp(values)
                values = (values - values.min()) / width if width else np.ones(len(values))
                missing = 0.0
            else:
                values = (values - values.mean()) / (values.std() or 1.0)
                missing = values.min()
            pool = {p for other in runs.values() for p in as_scores(other).get(question, {})}
            found = dict(zip(scores, values, strict=True))
            for passage in pool:
                into = fused.setdefault(question, {})
                into[passage] = into.get(passage, 0) + weights[name] * found.get(passage, missing)
    return fused


def assert_same(run, wanted):
    Run.validate(run)
    found = as_scores(run)
    assert found.keys() == wanted.keys()
    for question, scores in wanted.items():
        assert found[question] == pytest.approx(scores)


def test_reciprocal_rank(runs, tables):
    wanted = {}
    for run in runs.values():
        for question, passage, rank, _ in run.to_numpy():
            into = wanted.setdefault(question, {})
            into[passage] = into.get(passage, 0) + 1 / (60 + rank)
    run, report = fuse(runs, RECIPROCAL, *tables, top_k=100)
    assert_same(run, wanted)
    assert report["retrievers"] == ["good", "fair", "noise"]


@pytest.mark.parametrize("normalise", ["min_max", "z_score"])
def test_given_weights(runs, tables, normalise):
    weights = {"noise": 0.2, "good": 1.0, "fair": 0.0}
    params = FusionParams(name="weighted", normalise=normalise, weights=weights)
    run, report = fuse(runs, params, *tables, top_k=100)
    assert_same(run, naive_weighted(runs, weights, normalise))
    assert report["weights"] == weights


def reciprocal_ranks(run, gold, ids):
    right = run.merge(gold, on=["question_id", "passage_id"]).set_index("question_id")["rank"]
    return (1 / right.reindex(ids)).fillna(0).mean()


@pytest.mark.parametrize("normalise", ["min_max", "z_score"])
def test_fitted_weights_are_the_best_of_all_on_training_questions(runs, tables, normalise):
    examples, gold, _ = tables
    training = examples["question_id"][:30]
    two = {name: runs[name] for name in ("good", "noise")}
    reached = {}
    for twentieths in range(21):
        weights = {"good": twentieths / 20, "noise": 1 - twentieths / 20}
        params = FusionParams(name="weighted", normalise=normalise, weights=weights | {})
        run, _ = fuse(two, params, *tables, top_k=100)
        reached[twentieths] = reciprocal_ranks(run, gold, training)
    best = max(reached, key=lambda point: (round(reached[point], 9), -abs(point - 10)))

    fitted = FusionParams(name="weighted", normalise=normalise)
    run, report = fuse(two, fitted, *tables, top_k=100)
    assert report["weights"]["good"] == pytest.approx(best / 20)
    facts = report["fitted_on"]
    assert facts["n_questions"] == 30
    assert facts["mrr"] == pytest.approx(reached[best], abs=1e-4)
    assert facts["mrr_with_equal_weights"] == pytest.approx(reached[10], abs=1e-4)
    assert facts["mrr_alone"]["good"] == pytest.approx(reached[20], abs=1e-4)
    assert reciprocal_ranks(run, gold, training) == pytest.approx(reached[best])


def test_gold_of_other_parts_changes_no_weight(runs, tables):
    examples, gold, groups = tables
    params = FusionParams(name="weighted", normalise="min_max")
    wrong = gold.assign(passage_id=gold["passage_id"].where(examples["part"] == "train", "p0"))
    reports = [fuse(runs, params, examples, one, groups, 10)[1] for one in (gold, wrong)]
    assert reports[0] == reports[1]
    assert reports[0]["weights"]["noise"] < reports[0]["weights"]["good"]


def test_a_passage_of_the_golds_group_is_gold(tables):
    examples, gold, groups = tables
    found = pd.DataFrame({"question_id": ["q0"] * 2, "passage_id": ["p9", "p3"], "score": [2.0, 1]})
    other = found.assign(score=[1.0, 2.0])
    copies = groups.assign(group_id=groups["group_id"].replace("p3", "p0"))
    params = FusionParams(name="weighted", normalise="min_max")
    one_question = gold[gold["question_id"] == "q0"]
    runs = {"first": rank_run(found), "second": rank_run(other)}
    _, report = fuse(runs, params, examples, one_question, copies, 10)
    assert report["fitted_on"]["mrr_alone"] == {"first": 0.5, "second": 1.0}


def test_equal_scores_keep_the_order_of_the_first_run(tables):
    rows = pd.DataFrame({"question_id": "q0", "passage_id": ["p5", "p1", "p3"], "score": 1.0})
    runs = {"one": rank_run(rows), "two": rank_run(rows.iloc[::-1])}
    params = FusionParams(name="weighted", normalise="min_max", weights={"one": 1, "two": 1})
    assert fuse(runs, params, *tables, top_k=2)[0]["passage_id"].tolist() == ["p5", "p1"]


def test_the_tail_below_a_share_of_the_best_goes(runs, tables):
    whole, _ = fuse(runs, RECIPROCAL, *tables, top_k=5)
    params = RECIPROCAL.model_copy(update={"score_ratio": 0.9})
    cut, report = fuse(runs, params, *tables, top_k=5)
    best = whole.groupby("question_id")["score"].transform("max")
    pd.testing.assert_frame_equal(cut, whole[whole["score"] >= 0.9 * best].reset_index(drop=True))
    assert report["dropped_by_score_ratio"] == len(whole) - len(cut) > 0
    assert cut_tail(cut, 1.0).groupby("question_id").size().ge(1).all()


@pytest.mark.parametrize("weights", [{"good": 1}, {"good": 1, "fair": 1, "nois": 1}])
def test_weights_of_other_runs_are_refused(runs, tables, weights):
    params = FusionParams(name="weighted", normalise="min_max", weights=weights)
    with pytest.raises(ValueError, match="for each of good, fair, noise"):
        fuse(runs, params, *tables, top_k=5)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"normalise": "min_max", "weights": {"good": 0, "fair": 0}},
            "has to be above 0",
        ),
        (
            {"normalise": "min_max", "weights": {"good": 1, "fair": -1}},
            "than or equal to 0",
        ),
        ({"normalise": "z_score", "score_ratio": 0.9}, "score_ratio needs scores from 0 up"),
    ],
)
def test_settings_that_cannot_be_meant(settings, message):
    with pytest.raises(ValueError, match=message):
        FusionParams(name="weighted", **settings)


def test_weights_need_training_questions(runs, tables):
    examples, gold, groups = tables
    params = FusionParams(name="weighted", normalise="min_max")
    with pytest.raises(ValueError, match=r"Set odqa\.fusion\.weights"):
        fuse(runs, params, examples.assign(part="test"), gold, groups, 5)


def test_runs_without_rows(tables):
    empty = rank_run(pd.DataFrame({"question_id": [], "passage_id": [], "score": []}, dtype=str))
    run, _ = fuse({"one": empty, "two": empty}, RECIPROCAL, *tables, top_k=5)
    assert run.empty
