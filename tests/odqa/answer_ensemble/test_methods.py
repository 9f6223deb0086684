"""Ways to make one answer of several, each against a loop over texts."""

from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.odqa.answer_ensemble.ballots import NOBODY, collect_ballots
from klue_pipeline.odqa.answer_ensemble.methods import METHODS, choose_best, tabulate_answers
from klue_pipeline.odqa.answer_ensemble.weights import equal_weights
from klue_pipeline.odqa.answering.schema import NBest
from klue_pipeline.odqa.metrics.answers import normalise_answer


def draw_members(n_best, seed, n_members=4, n_questions=12):
    """Draw answers from few texts, some of them equal after normalisation; some questions lack."""
    generator = np.random.default_rng(seed)
    texts = np.array(["토지", "《토지》", "박경리", "박 경리", "1969년", "서울", "한강 하구"])
    members = {}
    for member in range(n_members):
        answers = {}
        for question in range(n_questions):
            n_listed = generator.integers(0, 4)
            # Halves and quarters, so that there are ties.
            shares = np.sort(generator.choice([0.5, 0.25, 0.125, 0.0625], n_listed))[::-1]
            listed = {}
            for text in generator.permutation(texts):
                listed.setdefault(normalise_answer(text), str(text))
            answers[f"q{question}"] = list(zip(listed.values(), shares, strict=False))
        members[f"m{member}"] = n_best(answers)
    return members, [f"q{question}" for question in range(n_questions)]


def answer_by_loop(members, question, method, weights, ties):
    """Return the normalised winner by counting texts; None where nobody has an answer."""
    shares, votes, lengths, first = defaultdict(float), defaultdict(float), {}, {}
    for (name, table), weight in zip(members.items(), weights, strict=True):
        for row in table[table["question_id"] == question].itertuples():
            key = normalise_answer(row.text)
            shares[key] += weight * row.probability
            votes[key] += weight * (row.rank == 1)
            if row.probability > first.get(key, (-1,))[0]:
                first[key] = (row.probability, name)
                lengths[key] = len(row.text)
    sign = 1 if ties == "longer" else -1
    orders = {
        "probability_sum": lambda key: (shares[key],),
        "weighted": lambda key: (shares[key],),
        "hard_vote": lambda key: (votes[key], sign * lengths[key], shares[key]),
    }
    best = max((orders[method](key) for key in shares), default=None)
    return {key for key in shares if orders[method](key) == best}


@pytest.mark.parametrize("ties", ["longer", "shorter"])
@pytest.mark.parametrize("method", METHODS)
def test_a_method_answers_as_a_loop_over_texts_does(n_best, method, ties):
    for seed in range(5):
        members, questions = draw_members(n_best, seed)
        weights = np.array([4, 2, 1, 1]) / 8 if method == "weighted" else equal_weights(4)
        ballots = collect_ballots(members, questions)
        best = choose_best(ballots, METHODS[method](ballots, weights, ties))
        for question, text in zip(questions, ballots.texts(best), strict=True):
            wanted = answer_by_loop(members, question, method, weights, ties)
            assert normalise_answer(text) in wanted if wanted else text == ""


def test_ties_in_votes_go_to_the_longer_or_the_shorter_answer_then_to_more_probability(n_best):
    members = {
        "a": n_best({"q0": [("서울", 0.9)], "q1": [("한강", 0.2), ("금강", 0.1)]}),
        "b": n_best({"q0": [("서울 특별시", 0.1)], "q1": [("금강", 0.3)]}),
    }
    ballots = collect_ballots(members, ["q0", "q1", "q2"])
    chosen = {
        ties: ballots.texts(
            choose_best(ballots, METHODS["hard_vote"](ballots, equal_weights(2), ties))
        ).tolist()
        for ties in ("longer", "shorter")
    }
    assert chosen == {"longer": ["서울 특별시", "금강", ""], "shorter": ["서울", "금강", ""]}


def test_an_answer_is_shown_as_the_member_with_most_probability_for_it_shows_it(n_best):
    members = {
        "a": n_best({"q0": [("토지", 0.2), ("한강", 0.1)]}),
        "b": n_best({"q0": [("《토지》", 0.6)], "other": [("서울", 1.0)]}),
    }
    ballots = collect_ballots(members, ["q0"])
    table = tabulate_answers(
        ballots, METHODS["probability_sum"](ballots, equal_weights(2), "longer")
    )
    assert table[["rank", "text", "untrimmed", "probability"]].to_numpy().tolist() == [
        [1, "《토지》", "《토지》은", 0.4],
        [2, "한강", "한강은", 0.05],
    ]
    NBest.validate(table)


@pytest.mark.parametrize("method", METHODS)
def test_one_member_alone_is_what_it_was(n_best, method):
    members, questions = draw_members(n_best, seed=3, n_members=1, n_questions=40)
    ballots = collect_ballots(members, questions)
    keys = METHODS[method](ballots, equal_weights(1), "longer")
    table, own = tabulate_answers(ballots, keys), members["m0"]
    pd.testing.assert_frame_equal(table[["question_id", "text"]], own[["question_id", "text"]])
    if method != "hard_vote":
        np.testing.assert_allclose(table["probability"], own["probability"])


def test_nobody_may_have_an_answer_to_any_question(n_best):
    ballots = collect_ballots({"a": n_best({})}, ["q0"])
    for method in METHODS.values():
        keys = method(ballots, equal_weights(1), "longer")
        assert choose_best(ballots, keys).tolist() == [NOBODY]
        assert tabulate_answers(ballots, keys).empty
