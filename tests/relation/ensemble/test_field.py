"""Experiments side by side: same rows, same draws; other folds, the rows that both scored."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.significance import mcnemar
from klue_pipeline.evaluation.truth import LabelledScores
from klue_pipeline.relation.ensemble.field import Comparison, Rules, compare_with_best, judge_field
from klue_pipeline.relation.metrics.judgement import TargetPopulation, judge
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.settings.evaluation_params import EvaluationParams

NAMES = ["no_relation", "per:title", "per:spouse"]
N_ROWS = 90
GOLD = np.random.default_rng(5).choice(3, size=N_ROWS, p=[0.3, 0.4, 0.3])
FOLDS = np.arange(N_ROWS) % 3
ROW_IDS = np.array([f"r{row}" for row in range(N_ROWS)], dtype=object)
EVALUATION = EvaluationParams.model_validate(
    {
        "target_prior": {"source": "none", "estimator": "auto", "max_disagreement": 0.1,
                         "min_effective_rows": 1},
        "n_resamples": 100, "confidence": 0.95, "seed": 4, "select_by": "micro_f1",
    }
)  # fmt: skip
SHARES = np.array([0.6, 0.2, 0.2])
POPULATION = TargetPopulation(SHARES, SHARES[:, None], 200, "given")


def rules(population=None, select_by="micro_f1"):
    return Rules(population, EVALUATION, select_by)


def score(skill, seed, folds=(0, 1, 2)):
    """Scores of the rows that some folds hold out; a row's scores do not depend on which."""
    logits = np.random.default_rng(seed).normal(size=(N_ROWS, 3))
    logits[np.arange(N_ROWS), GOLD] += skill
    chosen = np.isin(FOLDS, folds)
    table = ScoreTable(
        ROW_IDS[chosen], logits[chosen].astype(np.float32), tuple(NAMES), FOLDS[chosen],
        {"rows": "1", "folds": "2"},
    )  # fmt: skip
    return LabelledScores(table, GOLD[chosen], 0)


def shuffle(scores, seed=0):
    return scores.take(np.random.default_rng(seed).permutation(len(scores)))


def assert_same(first, second):
    assert first.estimates() == second.estimates()
    for name, draws in first.draws.items():
        np.testing.assert_array_equal(draws, second.draws[name])


@pytest.mark.parametrize("population", [None, POPULATION])
def test_experiments_of_the_same_rows_are_judged_on_the_same_draws(population):
    models = {"a": score(1, 1), "b": score(2, 2)}
    found = judge_field(models, rules(population))
    wanted = judge(models, population, EVALUATION)
    assert list(found) == ["a", "b"]
    for name in models:
        assert_same(found[name], wanted[name])


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10**6))
def test_the_order_of_rows_does_not_matter(seed):
    first, second = score(1, 1), score(2, 2)
    straight = judge_field({"a": first, "b": second}, rules())
    crooked = judge_field({"a": first, "b": shuffle(second, seed)}, rules())
    for name in ("a", "b"):
        assert_same(straight[name], crooked[name])


def test_each_is_judged_on_all_the_rows_that_it_scored():
    """An experiment of one fold takes nothing away from those of all."""
    models = {"whole": score(1, 1), "part": score(2, 2, folds=[1]), "other": score(2, 3)}
    found = judge_field(models, rules())
    assert list(found) == list(models)
    for name, scores in models.items():
        own = score_metrics(scores.table.logits, scores.truth, 0)
        assert {metric: found[name].estimate(metric).value for metric in ("micro_f1", "auprc")} == {
            metric: pytest.approx(own[metric]) for metric in ("micro_f1", "auprc")
        }
    together = judge_field({"whole": models["whole"], "other": models["other"]}, rules())
    assert_same(found["other"], together["other"])


def test_as_many_other_rows_are_other_rows():
    models = {"first": score(1, 1, folds=[0]), "second": score(2, 2, folds=[1])}
    found = judge_field(models, rules())
    for name, scores in models.items():
        alone = judge({name: scores}, None, EVALUATION)[name]
        assert_same(found[name], alone)


def test_a_comparison_is_paired_and_mcnemars():
    models = {"best": score(2, 2), "a": score(1, 1)}
    judged = judge_field(models, rules())
    compared = compare_with_best(models, judged, "best", rules())
    assert list(compared) == ["a"]
    assert compared["a"].difference == judged["a"].minus(judged["best"], "micro_f1")
    assert compared["a"].difference.high < 0
    correct = [models[name].predicted == GOLD for name in ("a", "best")]
    assert compared["a"].p_value == mcnemar(*correct).p_value
    assert compared["a"].reason == ""


def test_the_difference_is_in_the_score_that_ranks():
    models = {"best": score(2, 2), "a": score(1, 1)}
    judged = judge_field(models, rules(POPULATION))
    compared = compare_with_best(models, judged, "best", rules(POPULATION, "shift_auprc"))
    wanted = (
        judged["a"].estimate("shift_auprc").value - judged["best"].estimate("shift_auprc").value
    )
    assert compared["a"].difference.difference == wanted


def test_equal_experiments_do_not_differ():
    models = {"best": score(1, 1), "twin": shuffle(score(1, 1))}
    compared = compare_with_best(models, judge_field(models, rules()), "best", rules())["twin"]
    told = compared.difference
    assert (told.difference, told.low, told.high, compared.p_value) == (0, 0, 0, 1)


def test_other_folds_are_compared_on_the_rows_that_both_scored():
    best, part = score(2, 2), score(1, 1, folds=[0, 2])
    models = {"best": best, "part": part}
    found = compare_with_best(models, judge_field(models, rules()), "best", rules())["part"]
    common = score(2, 2, folds=[0, 2])
    both = judge({"part": part, "best": common}, None, EVALUATION)
    assert found.difference == both["part"].minus(both["best"], "micro_f1")
    correct = [scores.predicted == scores.truth for scores in (part, common)]
    assert found.p_value == mcnemar(*correct).p_value


def test_without_a_row_in_common_there_is_a_reason():
    models = {"best": score(2, 2, folds=[0]), "a": score(1, 1, folds=[1, 2])}
    compared = compare_with_best(models, judge_field(models, rules()), "best", rules())
    assert compared == {"a": Comparison(None, None, "it scored no row that best scored")}


def test_a_row_that_two_folds_hold_out_is_known_by_both():
    """Keys are fold and row: a table of the same rows under other folds has other rows."""
    once = score(1, 1)
    table = ScoreTable(
        np.tile(ROW_IDS, 2), np.tile(once.table.logits, (2, 1)), tuple(NAMES),
        np.repeat([0, 1], N_ROWS), once.table.fingerprint,
    )  # fmt: skip
    twice = LabelledScores(table, np.tile(GOLD, 2), 0)
    found = judge_field({"twice": twice, "again": shuffle(twice)}, rules())
    assert_same(found["twice"], found["again"])
    right = 100 * (once.predicted == once.truth).mean()
    assert found["twice"].estimate("accuracy").value == pytest.approx(right)


def test_an_empty_field_has_no_judgement():
    assert judge_field({}, rules()) == {}
