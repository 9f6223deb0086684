"""No passage, and no near duplicate of one, is on both sides of a drawn split."""

import logging

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.odqa.passages.parts import assign_parts, draw_units
from klue_pipeline.odqa.settings.ingest_params import PartsParams


def params(validation="auto", share=0.2, seed=1):
    return PartsParams(validation=validation, validation_share=share, seed=seed)


def tables(n_passages=30, n_questions=120, given_validation=0):
    """Questions on passages, every third of which is a near duplicate of the one before it."""
    draws = np.random.default_rng(3)
    of = draws.integers(n_passages, size=n_questions)
    parts = ["validation"] * given_validation + ["train"] * (n_questions - given_validation)
    questions = pd.DataFrame(
        {
            "question_id": [f"q{n}" for n in range(n_questions)] + ["t0", "t1"],
            "part": [*parts, "test", "test"],
            "context": [f"글 {place}" for place in of] + ["글 0", None],
        }
    )
    gold = questions[["question_id"]][:-2].assign(passage_id=[f"p{place}" for place in of])
    groups = pd.DataFrame(
        {
            "passage_id": [f"p{n}" for n in range(n_passages)],
            "group_id": [f"p{n - (n % 3 == 2)}" for n in range(n_passages)],
        }
    )
    return questions, gold, groups


def groups_of(examples, gold, groups, part):
    asked = examples.loc[examples["part"] == part, ["question_id"]].merge(gold).merge(groups)
    return set(asked["group_id"])


def test_drawn_questions_share_no_group_with_the_others():
    questions, gold, groups = tables()
    # A question with two gold passages ties their groups, one that is not linked its context.
    gold = pd.concat([gold.iloc[1:], gold.iloc[[1]].assign(passage_id="p29")], ignore_index=True)
    examples = assign_parts(questions, gold, groups, params())
    again = assign_parts(questions, gold, groups, params())
    pd.testing.assert_frame_equal(examples, again)
    counts = examples["part"].value_counts()
    assert counts["test"] == 2
    assert 0.1 * 120 <= counts["validation"] <= 0.2 * 120
    train, validation = (
        groups_of(examples, gold, groups, part) for part in ("train", "validation")
    )
    assert train
    assert validation
    assert not train & validation
    by_context = examples[examples["part"] != "test"].groupby("context")["part"].nunique()
    assert by_context.max() == 1
    other = assign_parts(questions, gold, groups, params(seed=2))
    assert not examples["part"].equals(other["part"])
    pd.testing.assert_frame_equal(
        examples.drop(columns="part"), questions.drop(columns="part")
    )  # fmt: skip


def test_given_questions_stay_and_shared_passages_are_told(caplog):
    questions, gold, groups = tables(given_validation=60)
    with caplog.at_level(logging.INFO):
        for validation in ("auto", "given"):
            assert assign_parts(questions, gold, groups, params(validation)) is questions
    assert "of 60 validation questions share a passage" in caplog.text
    drawn = assign_parts(questions, gold, groups, params("drawn"))
    assert (drawn["part"] == "validation").sum() <= 24
    assert (drawn["part"].iloc[:60] == "train").any()


def test_what_cannot_be_had_is_refused():
    questions, gold, groups = tables()
    with pytest.raises(ValueError, match=r"name a file with odqa\.raw\.validation"):
        assign_parts(questions, gold, groups, params("given"))
    with pytest.raises(ValueError, match="All 120 labelled questions hang together"):
        assign_parts(questions, gold.assign(passage_id="p0"), groups, params())


@given(
    units=st.lists(st.integers(0, 9), min_size=2, max_size=60).filter(lambda u: len(set(u)) > 1),
    share=st.floats(0.01, 0.99),
    seed=st.integers(0, 99),
)
def test_units_are_drawn_whole_and_fit(units, share, seed):
    units = np.array(units)
    drawn = draw_units(units, share, seed)
    chosen = set(units[drawn])
    assert chosen
    assert np.isin(units, list(chosen)).sum() == len(drawn) < len(units)
    smallest = np.unique(units, return_counts=True)[1].min()
    assert len(drawn) <= max(share * len(units), smallest)
