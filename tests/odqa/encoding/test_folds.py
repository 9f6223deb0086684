"""Folds of questions: nothing that hangs together is divided, and only training questions are."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.odqa.encoding.folds import assign_folds
from klue_pipeline.odqa.passages.parts import connected_questions
from klue_pipeline.odqa.settings.reader_params import ReaderFoldsParams

N = 60


@pytest.fixture
def world():
    """Sixty questions about 30 passages, of which each third is a near copy of the one before."""
    questions = pd.DataFrame(
        {
            "question_id": [f"q{n}" for n in range(N)],
            "part": ["train"] * 50 + ["validation"] * 6 + ["test"] * 4,
            "context": pd.Series([None] * N, dtype="str"),
        }
    )
    numbers = np.random.default_rng(1).integers(0, 30, N)
    gold = pd.DataFrame(
        {"question_id": questions["question_id"], "passage_id": [f"p{n}" for n in numbers]}
    )
    passages = [f"p{n}" for n in range(30)]
    groups = pd.DataFrame(
        {"passage_id": passages, "group_id": [f"p{n - (n % 3 == 1)}" for n in range(30)]}
    )
    return questions, gold, groups


def fold(world, strategy, n_splits=1, seed=3):
    params = ReaderFoldsParams(
        strategy=strategy, n_splits=n_splits, validation_share=0.2, seed=seed
    )
    return assign_folds(*world, params)


@pytest.mark.parametrize(("strategy", "n_splits"), [("group", 5), ("holdout", 1)])
def test_what_hangs_together_stays_together(world, strategy, n_splits):
    members = fold(world, strategy, n_splits)
    unit_of = dict(zip(world[0]["question_id"], connected_questions(*world), strict=True))
    part_of = world[0].set_index("question_id")["part"]
    assert set(members["row_id"].map(part_of)) == {"train"}
    assert members["row_id"].is_unique
    training = part_of.index[part_of == "train"]
    for _, held_out in members.groupby("fold")["row_id"]:
        others = set(training) - set(held_out)
        assert not {unit_of[name] for name in held_out} & {unit_of[name] for name in others}
    sizes = members["fold"].value_counts()
    if strategy == "group":
        assert sorted(members["row_id"]) == sorted(training)
        assert sizes.max() - sizes.min() <= 6
    else:
        assert 5 <= sizes[0] <= 10
    assert not members.equals(fold(world, strategy, n_splits, seed=4))
    assert members.equals(fold(world, strategy, n_splits))


def test_validation_holds_out_the_validation_questions(world):
    members = fold(world, "validation")
    assert members["row_id"].tolist() == [f"q{n}" for n in range(50, 56)]
    assert set(members["fold"]) == {0}


def test_all_holds_out_nothing(world):
    members = fold(world, "all")
    assert members.empty
    assert members.dtypes["fold"] == "int64"


def test_no_validation_questions_to_hold_out(world):
    questions = world[0].assign(part="train")
    with pytest.raises(ValueError, match=r"there are none; choose odqa\.folds\.strategy=holdout"):
        fold((questions, *world[1:]), "validation")
