"""Answers judged: paired, drawn by passage groups, on the questions that can be judged."""

import numpy as np
import pandas as pd
import pytest
from retrieval_world import EXAMPLES, GOLD, PARAMS, make_truth

from klue_pipeline.odqa.metrics.answer_judgement import (
    JudgedQuestions,
    compare_answers,
    judge_answers,
)
from klue_pipeline.odqa.metrics.judgement import draw_means

ANSWERS = pd.DataFrame(
    [("q2", 1, "서해로"), ("q2", 2, "서해"), ("q0", 1, "박경리"), ("q3", 1, "백두산")],
    columns=["question_id", "rank", "text"],
)


def test_questions_of_the_part_with_an_answer_are_judged():
    questions = JudgedQuestions.of_part(make_truth(), "validation")
    assert questions.table["question_id"].tolist() == ["q0", "q1", "q2"]
    assert questions.find_texts(ANSWERS).tolist() == ["박경리", "", "서해로"]
    scores = questions.score(questions.find_texts(ANSWERS))
    assert scores["exact_match"].tolist() == [1, 0, 0]
    assert scores["character_f1"].tolist() == pytest.approx([1, 0, 4 / 5])
    # q4 of the training part has no answer.
    assert len(JudgedQuestions.of_part(make_truth(), "train")) == 2
    assert not len(JudgedQuestions.of_part(make_truth(), "test"))


def test_a_question_without_gold_passage_is_judged_alone():
    questions = JudgedQuestions.of_part(make_truth(gold=GOLD[:2]), "validation")
    assert questions.has_gold.tolist() == [True, True, False]
    assert len(np.unique(questions.units)) == 3
    assert questions.with_gold().table["question_id"].tolist() == ["q0", "q1"]


@pytest.fixture(scope="module")
def questions():
    examples = pd.concat([EXAMPLES[:3].assign(question_id=lambda t, k=k: t["question_id"] + f"_{k}")
                          for k in range(20)], ignore_index=True)  # fmt: skip
    gold = pd.DataFrame({
        "question_id": examples["question_id"], "passage_id": ["p0", "p1", "p3"] * 20,
    })  # fmt: skip
    return JudgedQuestions.of_part(make_truth(examples=examples, gold=gold), "validation")


def test_ways_to_answer_are_compared_on_the_same_draws(questions):
    golds = questions.table["answers"].str[0]
    texts = {"all": golds, "some": golds.where(np.arange(60) % 2 == 0, "남해"), "none": golds * 0}
    outcomes = {name: questions.score(own) for name, own in texts.items()}
    judged = judge_answers(outcomes, questions, PARAMS)
    assert {name: own.scores["exact_match"] for name, own in judged.items()} == {
        "all": 100, "some": 50, "none": 0
    }  # fmt: skip
    drawn = draw_means(outcomes["some"].to_numpy(), questions.units, PARAMS)
    np.testing.assert_allclose(judged["some"].draws["character_f1"], drawn[1])
    found = compare_answers(("some", "all"), outcomes, judged)
    assert found["exact_match"]["difference"] == -50
    assert found["mcnemar"]["first_only"] == 0
    assert found["mcnemar"]["second_only"] == 30
    assert found["mcnemar"]["p_value"] == pytest.approx(2 * 0.5**30)
    same = compare_answers(("all", "all"), outcomes, judged)
    assert same["exact_match"] == {"difference": 0, "low": 0, "high": 0, "chance_to_beat": 0}
    assert same["mcnemar"]["p_value"] == 1
