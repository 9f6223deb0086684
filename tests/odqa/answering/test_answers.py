"""Answers of a whole table of questions, with weight and confidence that were fitted honestly."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from drawn_answers import draw_world, make_params
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from klue_pipeline.odqa.answering.answers import answer_questions
from klue_pipeline.odqa.answering.confidence import Calibration, measure_answers
from klue_pipeline.odqa.answering.schema import Answers, NBest

WEIGHT = 6.0


@pytest.fixture(scope="module")
def world():
    return draw_world(400, WEIGHT)


@pytest.fixture(scope="module")
def answered(world):
    return answer(world)


def answer(world, held_out_part="train", **changed):
    asked = world.ask(held_out_part)
    return answer_questions(
        world.candidates, world.run, world.passages, asked, make_params(**changed)
    )


def with_examples(world, **columns):
    return replace(world, examples=world.examples.assign(**columns))


def test_tables_and_facts(world, answered):
    n_best, answers, fit = answered
    NBest.validate(n_best)
    Answers.validate(answers)
    assert answers["question_id"].tolist() == world.examples["question_id"].tolist()
    assert answers["is_held_out"].tolist() == [True] * 360 + [False] * 40
    best = n_best[n_best["rank"] == 1].set_index("question_id").loc[answers["question_id"]]
    assert answers["text"].tolist() == best["text"].tolist()
    assert (answers["title"] == "제목 " + answers["passage_id"]).all()
    first = answers["question_id"].str[1:].astype(int) - 1
    assert (answers["passage_rank"] + first == answers["passage_id"].str[1:].astype(int)).all()
    assert fit["held_out"] == {"train": 360}
    assert not fit["nested"]
    # Every drawn answer has a particle, and is wrong with it.
    right = fit["calibration"]["exact_match"] * 3.6
    assert fit["trimmed"] == {
        "answers": 400, "changed": 400, "better": pytest.approx(right), "worse": 0,
        "same": pytest.approx(360 - right),
    }  # fmt: skip


def test_the_weight_that_made_the_answers_is_found(answered):
    _, answers, fit = answered
    assert fit["retrieval_weight"] == pytest.approx(WEIGHT, abs=1.0)
    tried = pd.DataFrame(fit["weight_fit"]["tried"]).set_index("retrieval_weight")
    assert tried["log_likelihood"].idxmax() == fit["retrieval_weight"]
    assert set(answers["retrieval_weight"][:360]) == set(fit["weight_fit"]["by_part"])
    assert set(answers["retrieval_weight"][360:]) == {fit["retrieval_weight"]}


@pytest.mark.parametrize(
    ("changed", "weight", "how"),
    [
        ({"retrieval_weight": 2.5}, 2.5, "given"),
        ({"passages": "joined"}, 0.0, "all passages are one text"),
    ],
)
def test_weights_that_are_not_fitted(world, changed, weight, how):
    joined = changed.get("passages") == "joined"
    candidates = world.candidates.assign(is_joined=joined)
    _, answers, fit = answer(replace(world, candidates=candidates), **changed)
    assert fit["weight_fit"] == {"how": how}
    assert set(answers["retrieval_weight"]) == {fit["retrieval_weight"]} == {weight}


def test_nothing_is_fitted_on_few_questions(caplog):
    _, answers, fit = answer(draw_world(16, WEIGHT), abstain_below=0.5)
    assert fit["retrieval_weight"] == 0
    assert fit["calibration"] is None
    assert answers["confidence"].isna().all()
    assert answers["is_given"].all()
    assert "at least 20 were wanted to fit the weight" in caplog.text
    assert "all are given" in caplog.text


def test_confidence_is_a_regression_on_the_other_parts(world):
    n_best, answers, fit = answer(world, retrieval_weight=WEIGHT)
    calibration = fit["calibration"]
    features = measure_answers(n_best, world.run, 3)
    golds = world.examples.set_index("question_id")["answers"]
    texts = answers.set_index("question_id")["text"]
    is_right = np.array([texts[name] in golds[name] for name in golds.index[:360]])
    assert calibration["exact_match"] == pytest.approx(100 * is_right.mean())
    naive = make_pipeline(StandardScaler(), LogisticRegression())
    naive.fit(features[:360].to_numpy(), is_right)
    wanted = naive.predict_proba(features.to_numpy())[:, 1]
    own = Calibration(calibration["intercept"], calibration["coefficients"])
    assert own.probabilities(features) == pytest.approx(wanted)
    assert answers["confidence"][360:].to_numpy() == pytest.approx(wanted[360:])
    # Those of held-out questions are near, and not the same.
    assert np.abs(answers["confidence"][:360] - wanted[:360]).median() < 0.05
    assert (answers["confidence"][:360] != wanted[:360]).all()
    assert calibration["confidence"]["mean"] == pytest.approx(calibration["exact_match"], abs=3)


def test_few_right_answers_say_something_of_the_probability_alone(world):
    few = world.examples["answers"].where(world.examples.index % 8 == 0, pd.Series([["x"]] * 400))
    _, _, fit = answer(with_examples(world, answers=few))
    assert list(fit["calibration"]["coefficients"]) == ["log_odds"]
    assert fit["calibration"]["exact_match"] < 10


def test_features_by_hand():
    run = pd.DataFrame(
        [("q0", "p0", 1, 9.0), ("q0", "p1", 2, 8.0), ("q0", "p2", 3, 5.0), ("q1", "p2", 1, 3.0)],
        columns=["question_id", "passage_id", "rank", "score"],
    )
    n_best = pd.DataFrame(
        [("q0", 1, 0.6, "p1"), ("q0", 2, 0.3, "p0"), ("q1", 1, 0.5, "p2")],
        columns=["question_id", "rank", "probability", "passage_id"],
    )
    features = measure_answers(n_best, run, depth=2)
    assert features.loc["q0"].tolist() == pytest.approx([np.log(1.5), np.log(2), -0.25, 0.25, 2])
    assert features.loc["q1"].tolist() == pytest.approx([0, np.log(0.5e6), 0, 1, 1])


def test_doubtful_answers_are_kept_back(answered, world):
    _, answers, fit = answer(world, abstain_below=0.4)
    assert answers["text"].equals(answered[1]["text"])
    assert answers["is_given"].equals(answers["confidence"] >= 0.4)
    assert fit["counts"]["kept_back"] == (~answers["is_given"]).sum() > 0


def test_judged_questions_are_served_by_others(world):
    """Other answers of a part's questions change neither weight nor confidence of that part."""
    judged = with_examples(world, part=world.examples["part"].replace("train", "validation"))
    _, answers, fit = answer(judged, "validation")
    assert fit["nested"]
    weight = answers["retrieval_weight"][0]
    is_own = answers["is_held_out"] & (answers["retrieval_weight"] == weight)
    assert 60 < is_own.sum() < 84
    wrong = judged.examples["answers"].where(~is_own.to_numpy(), pd.Series([["아무것도"]] * 400))
    _, changed, _ = answer(with_examples(judged, answers=wrong), "validation")
    columns = ["text", "probability", "confidence", "retrieval_weight"]
    assert changed.loc[is_own, columns].equals(answers.loc[is_own, columns])
    others = answers["is_held_out"] & ~is_own
    assert (changed.loc[others, "confidence"] != answers.loc[others, "confidence"]).all()
    # Questions of one passage are in one part.
    pairs = answers.loc[:359, "retrieval_weight"].to_numpy().reshape(-1, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()


def test_gold_answers_of_test_questions_are_not_looked_at(world, answered):
    known = world.examples["answers"].map(lambda own: own or ["답"])
    _, answers, fit = answer(with_examples(world, answers=known))
    assert answers.equals(answered[1])
    assert fit == answered[2]


def test_questions_without_candidates_have_no_answer(world):
    gone = {"q0", "q399"}
    few = replace(world, candidates=world.candidates[~world.candidates["question_id"].isin(gone)])
    _, answers, fit = answer(few)
    Answers.validate(answers)
    missing = answers[answers["question_id"].isin(gone)]
    assert missing["text"].tolist() == ["", ""]
    assert missing["confidence"].tolist() == [0, 0]
    assert not missing["is_given"].any()
    assert fit["counts"]["without_candidates"] == 2


def test_questions_that_were_learnt_from_are_not_answered(world):
    """Nobody read the first hundred; of another part a question is read, so all of it is."""
    part = ["train"] * 100 + ["validation"] * 260 + ["test"] * 40
    wanted = ["q100", "q399"]
    candidates = world.candidates[world.candidates["question_id"].isin(wanted)]
    some = replace(with_examples(world, part=part), candidates=candidates)
    _, answers, _ = answer(some, "nothing")
    assert answers["question_id"].tolist() == world.examples["question_id"][100:].tolist()
    assert answers.loc[answers["text"] != "", "question_id"].tolist() == wanted
