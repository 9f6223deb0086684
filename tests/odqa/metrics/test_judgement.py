"""Scores with intervals: paired, drawn by groups, and told no further down than runs go."""

import numpy as np
import pytest
from retrieval_world import GOOD, PARAMS, POOR, make_truth

from klue_pipeline.evaluation.intervals import draw_units
from klue_pipeline.odqa.metrics.judgement import draw_means, judge_ranks, judge_runs
from klue_pipeline.odqa.metrics.retrieval import find_first_ranks
from klue_pipeline.odqa.settings.odqa_params import OdqaEvaluationParams


def test_a_unit_is_drawn_with_all_its_rows():
    units = np.array([3, 5, 3, 9])
    weights = np.concatenate(list(draw_units(units, 50, seed=1)), axis=1)
    assert weights.shape == (4, 50)
    assert (weights[0] == weights[2]).all()
    assert (weights[[0, 1, 3]].sum(axis=0) == 3).all()
    assert (weights[0] != weights[1]).any()


def test_draws_are_the_means_of_what_was_drawn():
    units, outcomes = np.array([0, 1, 1, 2]), np.array([[1.0], [0.0], [1.0], [0.5]])
    means = draw_means(outcomes, units, PARAMS)
    weights = np.concatenate(list(draw_units(units, PARAMS.n_resamples, PARAMS.seed)), axis=1)
    expected = [100 * np.average(outcomes[:, 0], weights=drawn) for drawn in weights.T]
    np.testing.assert_allclose(means[0], expected)


def test_questions_about_one_passage_are_less_evidence_than_as_many_about_others():
    ranks = np.tile([1, 0], 50)
    alone = judge_ranks({"run": ranks}, np.arange(100), ["mrr"], PARAMS)["run"].estimate("mrr")
    pairs = np.repeat(np.arange(10), 10)
    together = np.repeat([1, 0] * 5, 10)
    grouped = judge_ranks({"run": together}, pairs, ["mrr"], PARAMS)["run"].estimate("mrr")
    assert alone.value == grouped.value == 50
    assert grouped.high - grouped.low > 2 * (alone.high - alone.low)


def test_runs_are_compared_on_the_same_draws():
    ranks = np.random.default_rng(0).integers(0, 12, 60)
    better = np.where(ranks == 2, 1, ranks)
    judged = judge_ranks({"one": ranks, "same": ranks.copy(), "better": better}, np.arange(60),
                         ["recall_at_1", "mrr"], PARAMS)  # fmt: skip
    same = judged["same"].minus(judged["one"], "mrr")
    assert (same.difference, same.low, same.high) == (0, 0, 0)
    gain = judged["better"].minus(judged["one"], "recall_at_1")
    assert gain.low >= 0
    assert gain.difference == pytest.approx(100 * (ranks == 2).mean())


def test_each_score_rests_on_the_questions_that_it_can_judge():
    truth = make_truth()
    ranks = {"good": find_first_ranks(GOOD, truth), "poor": find_first_ranks(POOR, truth)}
    part = (truth.questions["part"] == "validation").to_numpy()
    judged = judge_runs(ranks, truth, part, PARAMS, depth=5)
    assert judged["good"].gold.scores == {"recall_at_1": 100, "recall_at_5": 100, "mrr": 100}
    assert judged["poor"].gold.scores == pytest.approx(
        {"recall_at_1": 0, "recall_at_5": 100 / 3, "mrr": 100 / 9}
    )
    assert judged["poor"].answer.scores == pytest.approx(
        {"answer_recall_at_1": 100 / 3, "answer_recall_at_5": 100 / 3}
    )
    nothing = judge_runs(ranks, truth, np.zeros(len(truth), dtype=bool), PARAMS, depth=5)
    assert nothing["good"].gold is None


def test_a_score_of_every_name_can_be_ranked_by():
    names = OdqaEvaluationParams.model_fields["select_by"].annotation.__args__
    judged = judge_ranks({"run": np.array([1, 6, 0])}, np.arange(3), list(names), PARAMS)
    assert [round(value) for value in judged["run"].scores.values()] == [33, 33, 67, 67, 67, 39]
