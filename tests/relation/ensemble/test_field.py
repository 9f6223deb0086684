"""Experiments side by side: same rows, same draws; other folds, the rows that both scored."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.evaluation.significance import mcnemar
from klue_pipeline.evaluation.truth import take_rows
from klue_pipeline.relation.ensemble.field import Comparison, Rules, compare_with_best, judge_field
from klue_pipeline.relation.metrics.judgement import judge
from klue_pipeline.relation.metrics.klue import score_metrics
from klue_pipeline.relation.metrics.prior import Target
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
TARGET = Target(SHARES, SHARES[:, None], 200, "given")


def rules(target=None, select_by="micro_f1"):
    gold = pd.Series(np.array(NAMES)[GOLD], index=ROW_IDS)
    labels = LabelSet(names=NAMES, negative="no_relation")
    return Rules(gold, labels, target, EVALUATION, select_by)


def score(skill, seed, folds=(0, 1, 2)):
    """Scores of the rows that some folds hold out; a row's scores do not depend on which."""
    logits = np.random.default_rng(seed).normal(size=(N_ROWS, 3))
    logits[np.arange(N_ROWS), GOLD] += skill
    chosen = np.isin(FOLDS, folds)
    return ScoreTable(
        ROW_IDS[chosen], logits[chosen].astype(np.float32), tuple(NAMES), FOLDS[chosen],
        {"rows": "1", "folds": "2"},
    )  # fmt: skip


def shuffle(table, seed=0):
    return take_rows(table, np.random.default_rng(seed).permutation(len(table)))


def truth_of(table):
    return GOLD[[int(row_id[1:]) for row_id in table.row_ids]]


def assert_same(first, second):
    assert first.estimates() == second.estimates()
    for name, draws in first.draws.items():
        np.testing.assert_array_equal(draws, second.draws[name])


@pytest.mark.parametrize("target", [None, TARGET])
def test_experiments_of_the_same_rows_are_judged_on_the_same_draws(target):
    tables = {"a": score(1, 1), "b": score(2, 2)}
    found = judge_field(tables, rules(target))
    wanted = judge(tables, GOLD, 0, target, EVALUATION)
    assert list(found) == ["a", "b"]
    for name in tables:
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
    tables = {"whole": score(1, 1), "part": score(2, 2, folds=[1]), "other": score(2, 3)}
    found = judge_field(tables, rules())
    assert list(found) == list(tables)
    for name, table in tables.items():
        own = score_metrics(table.logits, truth_of(table), 0)
        assert {metric: found[name].estimate(metric).value for metric in ("micro_f1", "auprc")} == {
            metric: pytest.approx(own[metric]) for metric in ("micro_f1", "auprc")
        }
    together = judge_field({"whole": tables["whole"], "other": tables["other"]}, rules())
    assert_same(found["other"], together["other"])


def test_as_many_other_rows_are_other_rows():
    tables = {"first": score(1, 1, folds=[0]), "second": score(2, 2, folds=[1])}
    found = judge_field(tables, rules())
    for name, table in tables.items():
        alone = judge({name: table}, truth_of(table), 0, None, EVALUATION)[name]
        assert_same(found[name], alone)


def test_a_comparison_is_paired_and_mcnemars():
    tables = {"best": score(2, 2), "a": score(1, 1)}
    judged = judge_field(tables, rules())
    compared = compare_with_best(tables, judged, "best", rules())
    assert list(compared) == ["a"]
    assert compared["a"].difference == judged["a"].minus(judged["best"], "micro_f1")
    assert compared["a"].difference.high < 0
    correct = [tables[name].logits.argmax(axis=1) == GOLD for name in ("a", "best")]
    assert compared["a"].p_value == mcnemar(*correct).p_value
    assert compared["a"].reason == ""


def test_the_difference_is_in_the_score_that_ranks():
    tables = {"best": score(2, 2), "a": score(1, 1)}
    judged = judge_field(tables, rules(TARGET))
    compared = compare_with_best(tables, judged, "best", rules(TARGET, "shift_auprc"))
    wanted = (
        judged["a"].estimate("shift_auprc").value - judged["best"].estimate("shift_auprc").value
    )
    assert compared["a"].difference.difference == wanted


def test_equal_experiments_do_not_differ():
    tables = {"best": score(1, 1), "twin": shuffle(score(1, 1))}
    compared = compare_with_best(tables, judge_field(tables, rules()), "best", rules())["twin"]
    told = compared.difference
    assert (told.difference, told.low, told.high, compared.p_value) == (0, 0, 0, 1)


def test_other_folds_are_compared_on_the_rows_that_both_scored():
    best, part = score(2, 2), score(1, 1, folds=[0, 2])
    tables = {"best": best, "part": part}
    found = compare_with_best(tables, judge_field(tables, rules()), "best", rules())["part"]
    common = score(2, 2, folds=[0, 2])
    both = judge({"part": part, "best": common}, truth_of(part), 0, None, EVALUATION)
    assert found.difference == both["part"].minus(both["best"], "micro_f1")
    correct = [table.logits.argmax(axis=1) == truth_of(part) for table in (part, common)]
    assert found.p_value == mcnemar(*correct).p_value


def test_without_a_row_in_common_there_is_a_reason():
    tables = {"best": score(2, 2, folds=[0]), "a": score(1, 1, folds=[1, 2])}
    compared = compare_with_best(tables, judge_field(tables, rules()), "best", rules())
    assert compared == {"a": Comparison(None, None, "it scored no row that best scored")}


def test_a_row_that_two_folds_hold_out_is_known_by_both():
    """Keys are fold and row: a table of the same rows under other folds has other rows."""
    table = score(1, 1)
    twice = ScoreTable(
        np.concatenate([ROW_IDS, ROW_IDS]), np.concatenate([table.logits] * 2), tuple(NAMES),
        np.repeat([0, 1], N_ROWS), table.fingerprint,
    )  # fmt: skip
    found = judge_field({"twice": twice, "again": shuffle(twice)}, rules())
    assert_same(found["twice"], found["again"])
    assert found["twice"].estimate("accuracy").value == pytest.approx(
        100 * (table.logits.argmax(axis=1) == GOLD).mean()
    )


def test_an_empty_field_has_no_judgement():
    assert judge_field({}, rules()) == {}


def test_a_row_without_a_true_label_is_refused():
    odd = rules()
    short = Rules(odd.gold[1:], odd.labels, None, EVALUATION, "micro_f1")
    with pytest.raises(ValueError, match="1 scored rows have no true label"):
        judge_field({"a": score(1, 1)}, short)
