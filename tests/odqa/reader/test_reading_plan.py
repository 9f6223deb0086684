"""Which passages are read for which questions."""

import pandas as pd
import pytest

from klue_pipeline.odqa.reader.reading_plan import choose_questions, plan_reading

EXAMPLES = pd.DataFrame(
    {
        "question_id": ["t0", "t1", "v0", "v1", "x0"],
        "part": ["train", "train", "validation", "validation", "test"],
    }
)
RUN = pd.DataFrame(
    [("b", "p1", 1), ("b", "p2", 2), ("b", "p3", 3), ("a", "p2", 1), ("z", "p9", 1)],
    columns=["question_id", "passage_id", "rank"],
)
GOLD = pd.DataFrame(
    [("a", "p5"), ("a", "p6"), ("b", "p2"), ("c", "p7")], columns=["question_id", "passage_id"]
)


@pytest.mark.parametrize(
    ("strategy", "held_out", "wanted"),
    [
        ("group", {0: ["t0"], 1: ["t1"]}, ["t1", "v0", "v1", "x0"]),
        ("holdout", {1: ["t0"]}, ["t0", "v0", "v1", "x0"]),
        ("validation", {1: ["v0", "v1"]}, ["v0", "v1", "x0"]),
        ("all", {}, ["x0"]),
    ],
)
def test_a_fold_reads_what_it_has_not_learnt_from(strategy, held_out, wanted):
    rows = [(fold, row_id) for fold, row_ids in held_out.items() for row_id in row_ids]
    fold_members = pd.DataFrame(rows, columns=["fold", "row_id"])
    assert choose_questions(EXAMPLES, fold_members, 1, strategy).tolist() == wanted


@pytest.mark.parametrize(
    ("how", "wanted"),
    [
        (
            "separate",
            [("a", "p2", False, 0), ("a", "p5", False, 1), ("b", "p1", False, 2),
             ("b", "p2", False, 3), ("c", "p7", False, 4)],
        ),
        (
            "joined",
            [("a", "p2", True, 0), ("a", "p5", False, 1), ("b", "p1", True, 2),
             ("b", "p2", True, 2), ("b", "p2", False, 3), ("c", "p7", False, 4)],
        ),
    ],
)  # fmt: skip
def test_the_best_passages_are_read_and_the_first_gold_one(how, wanted):
    asked = pd.Series(["a", "b", "c", "nothing was found"])
    for run in (RUN, RUN.iloc[::-1]):
        plan = plan_reading(asked, run, GOLD, 2, how)
        assert list(plan.itertuples(index=False, name=None)) == wanted
        assert list(plan) == ["question_id", "passage_id", "is_joined", "text"]


def test_without_passages_nothing_is_read():
    assert plan_reading(pd.Series(["nobody"]), RUN, GOLD, 2, "joined").empty
