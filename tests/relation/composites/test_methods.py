"""Composites: probabilities of the whole task, and no held-out row seen through a member."""

from dataclasses import replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.special import softmax

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.composites import methods as composites
from klue_pipeline.relation.composites.member_scores import MemberScores
from klue_pipeline.relation.composites.methods import COMPOSITES, compose_fold
from klue_pipeline.relation.metrics.run_rows import Provenance, RunRows
from klue_pipeline.relation.metrics.targets import target_labels
from klue_pipeline.relation.settings.params import CompositeParams, TargetParams

NAMES = ["per:title", "none", "per:spouse", "org:members"]
LABELS = LabelSet(names=NAMES, negative="none")
ORIGIN = {"rows": "1" * 64, "folds": "2" * 64, "test_rows": "3" * 64}
CASCADE = CompositeParams(name="cascade")
COMBINE = CompositeParams(
    name="combine", width=8, dropout=0.1, epochs=3, learning_rate=0.02, weight_decay=0.0, seed=1
)
TARGETS = {"b": "binary", "p": "positive", "a": "all"}


def task_of(held_out, n_rows=24, n_test=5):
    """Rows r0, r1, … with labels in turn; ``held_out`` lists each fold's rows by number."""
    rows = [f"r{number}" for number in range(n_rows)]
    members = [(fold, rows[number]) for fold, part in enumerate(held_out) for number in part]
    run = RunRows(
        pd.DataFrame({"row_id": rows, "label": [NAMES[number % 4] for number in range(n_rows)]}),
        pd.DataFrame(members, columns=["fold", "row_id"]),
        pd.DataFrame({"row_id": [f"t{number}" for number in range(n_test)]}),
        LABELS,
    )
    return with_gold(run, run.gold)


def with_gold(run, gold):
    """The same rows with other true labels, recognised as if nothing had changed."""
    sentences = run.sentences.assign(label=gold.reindex(run.sentences["row_id"]).to_numpy())
    changed = replace(run, sentences=sentences)
    vars(changed)["provenance"] = Provenance(ORIGIN, tuple(NAMES), run.fold_members)
    return changed


KFOLD = task_of([range(0, 8), range(8, 16), range(16, 24)])
OVERLAPPING = task_of([[0, 1, 2, 3, 4, 5], [0, 6, 7, 8, 9, 10], [0, 6, 11, 12, 13, 14]])
HOLDOUT = task_of([range(6)])


def table(row_ids, target, seed, fold=None):
    names = target_labels(LABELS, TargetParams(name=target)).names
    logits = np.random.default_rng(seed).normal(size=(len(row_ids), len(names))) * 3
    fields = ("rows", "folds", "test_rows") if fold is None else ("rows", "folds")
    return ScoreTable(
        row_ids=np.array(row_ids, dtype=object),
        logits=logits.astype(np.float32),
        labels=tuple(names),
        folds=None if fold is None else np.full(len(row_ids), fold),
        fingerprint={name: ORIGIN[name] for name in fields},
    )


def members_of(task, *names, folds=None):
    """Random scores of members: b answers binary, p positive and a all labels."""
    numbers = sorted(set(task.fold_members["fold"])) if folds is None else folds
    return {
        name: MemberScores(
            {k: table(task.held_out(k), TARGETS[name], ord(name) * 10 + k, k) for k in numbers},
            table(task.test_row_ids, TARGETS[name], ord(name)),
        )
        for name in names
    }


def with_row(scores, row_id, logits):
    """The same scores but for one row, which is added where it is not."""
    kept = [place for place, other in enumerate(scores.row_ids) if other != row_id]
    row = np.full((1, len(scores.labels)), 0, np.float32) + np.float32(logits)
    return replace(
        scores,
        row_ids=np.append(scores.row_ids[kept], row_id),
        logits=np.concatenate([scores.logits[kept], row]),
        folds=None if scores.folds is None else np.append(scores.folds[kept], scores.folds[0]),
    )


def bits(pair):
    return [table.logits.tobytes() for table in pair]


def test_every_legal_name_has_a_method():
    assert set(COMPOSITES) == set(get_args(CompositeParams.model_fields["name"].annotation))


@pytest.mark.parametrize("params", [CASCADE, COMBINE], ids=["cascade", "combine"])
def test_scores_are_those_of_a_fold_of_this_run(params):
    validation, test = compose_fold(members_of(KFOLD, "p", "b"), KFOLD, 1, params)
    assert validation.row_ids.tolist() == KFOLD.held_out(1)
    assert validation.folds.tolist() == [1] * 8
    assert validation.fingerprint == {name: ORIGIN[name] for name in ("rows", "folds")}
    assert (test.row_ids.tolist(), test.folds) == (KFOLD.test_row_ids, None)
    assert test.fingerprint == ORIGIN
    for scores in (validation, test):
        assert scores.labels == tuple(NAMES)
        assert scores.logits.dtype == np.float32
        np.testing.assert_allclose(scores.probabilities.sum(axis=1), 1)


def test_the_cascade_by_hand():
    """P(none) = 0.6, and 0.4 is shared as 0.5 : 0.3 : 0.2 by the three relations."""
    members = members_of(HOLDOUT, "b", "p")
    binary = replace(members["b"].test, logits=np.log([[0.6, 0.4]] * 5).astype(np.float32))
    shares = replace(members["p"].test, logits=np.log([[0.5, 0.3, 0.2]] * 5).astype(np.float32) + 7)
    members = {
        "b": replace(members["b"], test=binary), "p": replace(members["p"], test=shares)
    }  # fmt: skip
    _, test = compose_fold(members, HOLDOUT, 0, CASCADE)
    np.testing.assert_allclose(test.probabilities[0], [0.2, 0.6, 0.12, 0.08], rtol=1e-6)
    np.testing.assert_allclose(np.exp(test.logits[0]), [0.2, 0.6, 0.12, 0.08], rtol=1e-6)


LOGITS = st.floats(-1e4, 1e4, width=32) | st.just(-np.inf)


@given(
    binary=arrays(np.float32, 2, elements=LOGITS).filter(lambda row: np.isfinite(row).any()),
    positive=arrays(np.float32, 3, elements=LOGITS).filter(lambda row: np.isfinite(row).any()),
    turned=st.booleans(),
)
def test_the_cascade_is_a_distribution_whatever_the_members_say(binary, positive, turned):
    members = members_of(HOLDOUT, *("pb" if turned else "bp"))
    told = {"b": binary, "p": positive}
    members = {
        name: replace(member, test=replace(member.test, logits=np.stack([told[name]] * 5)))
        for name, member in members.items()
    }
    _, test = compose_fold(members, HOLDOUT, 0, CASCADE)
    assert np.isfinite(test.logits).all()
    found = test.probabilities[0]
    p0, q = softmax(binary.astype(np.float64))[0], softmax(positive.astype(np.float64))
    assert found.sum() == pytest.approx(1)
    assert found[1] == pytest.approx(p0, rel=1e-4, abs=1e-30)
    np.testing.assert_allclose(found[[0, 2, 3]], (1 - p0) * q, rtol=1e-4, atol=1e-12)


def test_the_cascade_looks_at_its_own_fold_only():
    members = members_of(KFOLD, "b", "p")
    alone = members_of(KFOLD, "b", "p", folds=[2])
    assert bits(compose_fold(members, KFOLD, 2, CASCADE)) == bits(
        compose_fold(alone, KFOLD, 2, CASCADE)
    )


def test_the_combiner_is_fitted_anew_for_each_fold_and_repeats_itself():
    members = members_of(KFOLD, "b", "p", "a")
    first = [compose_fold(members, KFOLD, fold, COMBINE) for fold in range(3)]
    again = [compose_fold(members, KFOLD, fold, COMBINE) for fold in range(3)]
    assert list(map(bits, first)) == list(map(bits, again))
    assert len({pair[1].logits.tobytes() for pair in first}) == 3


def test_the_combiner_learns_from_the_other_folds():
    """One that never saw a label of fold 0 knows its labels, because the member does."""
    task = task_of([range(0, 80), range(80, 160)], n_rows=160)
    gold = {k: np.array([NAMES.index(task.gold[row]) for row in task.held_out(k)]) for k in (0, 1)}
    members = members_of(task, "a", "b")
    sharp = {
        k: replace(
            scores, logits=scores.logits + 9 * np.eye(4, dtype=np.float32)[(gold[k] + 1) % 4]
        )
        for k, scores in members["a"].validation.items()
    }  # the member is always wrong, but wrong in the same way
    members["a"] = replace(members["a"], validation=sharp)
    params = COMBINE.model_copy(update={"epochs": 40})
    validation, _ = compose_fold(members, task, 0, params)
    assert (validation.logits.argmax(axis=1) == gold[0]).mean() > 0.7
    assert (sharp[0].logits.argmax(axis=1) == gold[0]).mean() < 0.1


# No held-out row is seen through a member: whatever is planted in it, fold 0 says the same.

SPLITS = {"kfold": KFOLD, "overlapping": OVERLAPPING}
MARKER = "r0"
"""Held out by fold 0, and in the overlapping split by all."""


def planted(task, members):
    """The marker row with another label, and absurd scores wherever another fold scores it.

    In k folds no other fold does; there it is smuggled into their tables.
    """
    gold = task.gold.copy()
    gold[MARKER] = next(name for name in NAMES if name != gold[MARKER])
    marked = {
        name: replace(
            member,
            validation={
                k: scores
                if k == 0
                else with_row(scores, MARKER, np.arange(len(scores.labels)) * 50)
                for k, scores in member.validation.items()
            },
        )
        for name, member in members.items()
    }
    return with_gold(task, gold), marked


@pytest.mark.parametrize("params", [CASCADE, COMBINE], ids=["cascade", "combine"])
@pytest.mark.parametrize("split", SPLITS)
def test_a_held_out_row_changes_nothing_of_its_fold(split, params):
    task, members = SPLITS[split], members_of(SPLITS[split], "b", "p")
    before = compose_fold(members, task, 0, params)
    marked_task, marked = planted(task, members)
    assert bits(compose_fold(members, marked_task, 0, params)) == bits(before)
    assert bits(compose_fold(marked, task, 0, params)) == bits(before)
    assert bits(compose_fold(marked, marked_task, 0, params)) == bits(before)


def test_what_a_member_says_about_a_held_out_row_reaches_that_row_alone():
    members = members_of(KFOLD, "b", "p")
    before, test_before = compose_fold(members, KFOLD, 0, COMBINE)
    own = {0: with_row(members["b"].validation[0], MARKER, [9, -9])}
    members["b"] = replace(members["b"], validation=members["b"].validation | own)
    after, test_after = compose_fold(members, KFOLD, 0, COMBINE)
    differs = (before.logits != after.logits).any(axis=1)
    assert before.row_ids[differs].tolist() == [MARKER]
    np.testing.assert_array_equal(test_before.logits, test_after.logits)


def test_a_row_held_out_twice_elsewhere_counts_once_for_each_fold():
    """r6 is scored by the models of folds 1 and 2; r0 by all, fold 0 among them."""
    parts, gold = composites._rows_to_fit_on(members_of(OVERLAPPING, "b"), OVERLAPPING, 0)
    wanted = [f"r{number}" for number in (6, 7, 8, 9, 10, 6, 11, 12, 13, 14)]
    assert [NAMES[label] for label in gold] == OVERLAPPING.gold[wanted].tolist()
    assert parts[0].shape == (10, 2)
    assert not np.array_equal(parts[0][0], parts[0][5])


# What is refused


def test_scores_of_another_run_are_refused():
    members = members_of(KFOLD, "b", "p")
    other = replace(members["p"].validation[1], fingerprint={"rows": "9" * 64, "folds": "2" * 64})
    members["p"] = replace(members["p"], validation=members["p"].validation | {1: other})
    with pytest.raises(ValueError, match="Experiment p cannot be joined: rows of its validation"):
        compose_fold(members, KFOLD, 0, COMBINE)


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ("b", r"b \(binary\)"),
        ("bpa", r"b \(binary\), p \(positive\), a \(all\)"),
        ("ba", r"b \(binary\), a \(all\)"),
        ("", "none"),
    ],
)
def test_a_cascade_of_other_members_is_refused(names, found):
    with pytest.raises(ValueError, match=f"one binary and one positive experiment; found {found}"):
        compose_fold(members_of(KFOLD, *names), KFOLD, 0, CASCADE)


def test_a_cascade_of_two_alike_is_refused():
    binary = members_of(KFOLD, "b")["b"]
    with pytest.raises(ValueError, match=r"found one \(binary\), two \(binary\)"):
        compose_fold({"one": binary, "two": binary}, KFOLD, 0, CASCADE)


@pytest.mark.parametrize(
    ("task", "folds", "n_folds"), [(HOLDOUT, None, 1), (KFOLD, [0], 3)], ids=["holdout", "run"]
)
def test_a_combiner_with_nothing_to_be_fitted_on_is_refused(task, folds, n_folds):
    members = members_of(task, "b", "p", folds=folds)
    with pytest.raises(ValueError, match=rf"folds of the split: {n_folds}\); set folds\.strategy"):
        compose_fold(members, task, 0, COMBINE)
    assert len(compose_fold(members, task, 0, CASCADE)[0])


def test_a_label_that_is_not_in_the_set_is_refused():
    gold = KFOLD.gold.replace("org:members", "org:member")
    with pytest.raises(ValueError, match=r"4 training rows without a label .* 'org:member'"):
        compose_fold(members_of(KFOLD, "b", "p"), with_gold(KFOLD, gold), 0, COMBINE)


@pytest.mark.parametrize("logits", [np.nan, np.inf, -np.inf])
def test_scores_that_are_no_numbers_are_refused(logits):
    members = members_of(KFOLD, "b", "p")
    broken = with_row(members["p"].test, "t3", logits)
    members["p"] = replace(members["p"], test=broken)
    with pytest.raises(
        ValueError, match=r"Experiment p: 1 of \d+ rows have scores that are not numbers"
    ):
        compose_fold(members, KFOLD, 0, CASCADE)
