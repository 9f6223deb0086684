"""Answers chosen from spans: by hand, against a loop over dictionaries, and whatever the order."""

import math
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.odqa.answering.choosing import Choice, choose, choose_in_gold
from klue_pipeline.odqa.answering.schema import NBest
from klue_pipeline.odqa.metrics.answers import normalise_answer

RUN = pd.DataFrame(
    [("q0", "p0", 1, 9.0), ("q0", "p1", 2, 7.0), ("q0", "p2", 3, 5.0), ("q1", "p2", 1, 3.0)],
    columns=["question_id", "passage_id", "rank", "score"],
)


def make_candidates(rows):
    """Rows: question, passage, start, text, particle, share of the passage, and its total."""
    table = pd.DataFrame(
        [
            {
                "question_id": question,
                "passage_id": passage,
                "start_char": start,
                "end_char": start + len(text + particle),
                "trimmed_start_char": start,
                "trimmed_end_char": start + len(text),
                "trimmed_text": text,
                "text": text + particle,
                "logit": math.log(share),
                "passage_log_total": math.log(total),
                "fold": fold,
            }
            for question, passage, start, text, particle, share, total, fold in rows
        ]
    )
    return table.assign(is_joined=False)


CANDIDATES = make_candidates(
    [
        ("q0", "p0", 5, "서울", "은", 2.0, 4.0, 0),
        ("q0", "p0", 5, "서울", "", 1.0, 4.0, 0),
        ("q0", "p1", 0, "부산", "", 4.0, 5.0, 0),
        ("q0", "p1", 9, "《서울》", "", 0.5, 5.0, 0),
        ("q0", "p2", 3, "()", "", 1.0, 1.0, 0),
        ("q1", "p2", 3, "인천", "에", 1.0, 1.0, 0),
        ("q1", "p9", 3, "대전", "", 1.0, 1.0, 0),
    ]
)
AGAIN = pd.concat(
    [
        CANDIDATES,
        make_candidates(
            [("q1", "p2", 3, "인천", "", 1.0, 4.0, 1), ("q1", "p2", 8, "광주", "", 3.0, 4.0, 1)]
        ),
    ]
)


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        # Two places of equal texts add up, and the likelier one is shown.
        (
            Choice(),
            [
                ("q0", 1, "부산", "부산", 0.4, "p1", 0, 2),
                ("q0", 2, "서울", "서울은", 0.35, "p0", 5, 7),
                ("q1", 1, "인천", "인천에", 1.0, "p2", 3, 5),
            ],
        ),
        (
            Choice(trimmed=False),
            [
                ("q0", 1, "부산", "부산", 0.4, "p1", 0, 2),
                ("q0", 2, "서울은", "서울은", 0.2, "p0", 5, 8),
                ("q0", 3, "서울", "서울", 0.15, "p0", 5, 7),
                ("q1", 1, "인천에", "인천에", 1.0, "p2", 3, 6),
            ],
        ),
        (
            Choice(depth=1, n_best=1),
            [
                ("q0", 1, "서울", "서울은", 0.75, "p0", 5, 7),
                ("q1", 1, "인천", "인천에", 1.0, "p2", 3, 5),
            ],
        ),
        # The scores 9, 7, 5 become 0, -1/2, -1; exp(-ln 4 / 2) is 1/2.
        (
            Choice(retrieval_weight=math.log(4), n_best=1),
            [
                ("q0", 1, "서울", "서울은", 3.25 / 6.75, "p0", 5, 7),
                ("q1", 1, "인천", "인천에", 1.0, "p2", 3, 5),
            ],
        ),
    ],
)
def test_answers_by_hand(choice, wanted):
    n_best = choose(CANDIDATES, RUN, choice)
    pd.testing.assert_frame_equal(
        n_best, pd.DataFrame(wanted, columns=n_best.columns), check_dtype=False
    )
    NBest.validate(n_best)


def test_folds_that_read_the_same_question_count_alike():
    n_best = choose(AGAIN, RUN, Choice())
    found = n_best[n_best["question_id"] == "q1"]
    assert found["text"].tolist() == ["인천", "광주"]
    assert found["probability"].tolist() == pytest.approx([0.625, 0.375])


def test_the_gold_passage_alone():
    gold = pd.DataFrame({"question_id": ["q0", "q1", "q1"], "passage_id": ["p1", "p9", "p9"]})
    n_best = choose_in_gold(CANDIDATES, gold, Choice(retrieval_weight=5.0, depth=1, n_best=1))
    assert n_best["text"].tolist() == ["부산", "대전"]
    assert n_best["probability"].tolist() == pytest.approx([0.8, 1.0])


def test_joined_passages_are_one_text():
    rows = CANDIDATES[CANDIDATES["passage_id"].isin(["p0", "p1"])]
    joined = rows.assign(is_joined=True, passage_log_total=math.log(10))
    both = pd.concat([CANDIDATES, joined])
    found = choose(both, RUN, Choice(retrieval_weight=3.0, is_joined=True))
    assert found["text"].tolist() == ["부산", "서울"]
    assert found["probability"].tolist() == pytest.approx([0.4, 0.35])
    assert choose(both, RUN, Choice()).equals(choose(CANDIDATES, RUN, Choice()))


def test_equally_likely_answers_are_in_the_order_of_their_texts():
    rows = [("q1", "p2", place, text, "", 1.0, 3.0, 0) for place, text in enumerate("나다가")]
    assert choose(make_candidates(rows), RUN, Choice())["text"].tolist() == ["가", "나", "다"]


def test_nothing_to_choose_from():
    for candidates, run in [(CANDIDATES[:0], RUN), (CANDIDATES, RUN[:0])]:
        NBest.validate(choose(candidates, run, Choice()))
        assert choose(candidates, run, Choice()).empty


def naive(candidates, run, choice):
    """Answer each question by loops over dictionaries."""
    listed = {(row.question_id, row.passage_id): row for row in run.itertuples()}
    readings, found = defaultdict(dict), defaultdict(float)
    rows = list(candidates.itertuples())
    rows = [row for row in rows if (row.question_id, row.passage_id) in listed]
    rows = [row for row in rows if listed[row.question_id, row.passage_id].rank <= choice.depth]

    def bonus(row):
        scores = run.loc[run["question_id"] == row.question_id, "score"]
        score = listed[row.question_id, row.passage_id].score
        width = scores.max() - scores.min()
        return choice.retrieval_weight * (score - scores.max()) / width if width else 0.0

    for row in rows:
        total = math.exp(row.passage_log_total + bonus(row))
        readings[row.question_id, row.fold][row.passage_id] = total
    for row in rows:
        total = sum(readings[row.question_id, row.fold].values())
        folds = sum(question == row.question_id for question, _ in readings)
        text = normalise_answer(row.trimmed_text)
        if text:
            found[row.question_id, text] += math.exp(row.logit + bonus(row)) / total / folds
    return found


@st.composite
def worlds(draw):
    generator = np.random.default_rng(draw(st.integers(0, 2**16)))
    rows = []
    for question in range(draw(st.integers(1, 4))):
        for passage in generator.permutation(6)[: draw(st.integers(1, 5))]:
            for fold in range(1 + question % 2):
                weights = generator.exponential(size=6)
                rows += [
                    (f"q{question}", f"p{passage}", int(place), "가나다"[: 1 + int(place) % 3],
                     "은" * int(generator.integers(2)), weights[place], weights.sum(), fold)
                    for place in generator.permutation(6)[:4]
                ]  # fmt: skip
    candidates = make_candidates(rows)
    run = candidates[["question_id", "passage_id"]].drop_duplicates()
    run = run.assign(score=generator.integers(0, 4, len(run)).astype(float))
    rank = run.groupby("question_id")["score"].rank(method="first", ascending=False).astype(int)
    return candidates, run.assign(rank=rank), generator


@settings(max_examples=40, deadline=None)
@given(worlds(), st.sampled_from([0.0, 2.5, 40.0]), st.integers(1, 5))
def test_as_naive_loops_do_and_in_any_order(world, weight, depth):
    candidates, run, generator = world
    choice = Choice(weight, depth, n_best=100)
    n_best = choose(candidates, run, choice)
    wanted = naive(candidates, run, choice)
    found = {(row.question_id, normalise_answer(row.text)): row.probability
             for row in n_best.itertuples()}  # fmt: skip
    assert found == pytest.approx(dict(wanted))
    assert (n_best.groupby("question_id")["probability"].sum() <= 1 + 1e-9).all()
    shuffled = choose(
        candidates.iloc[generator.permutation(len(candidates))],
        run.sort_values(["question_id", "passage_id"]).reset_index(drop=True),
        choice,
    )
    questions = n_best["question_id"].unique()
    again = shuffled.set_index("question_id").loc[questions].reset_index()
    pd.testing.assert_frame_equal(again, n_best)
