"""Which experiments are blended: those of the same rows, scored by models that did not see them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.ensemble.selection import select_members, why_not_judged
from klue_pipeline.relation.metrics.run_rows import Provenance

LABELS = ("no_relation", "per:title")
HELD_OUT = pd.MultiIndex.from_tuples([(0, "a"), (1, "b"), (0, "c"), (1, "c")])
RUN = Provenance({"rows": "1" * 64, "folds": "2" * 64, "test_rows": "3" * 64}, LABELS, HELD_OUT)


def scores(row_ids, fold_of_row=None, labels=LABELS, seed=0, **fingerprint):
    names = ("rows", "folds") if fold_of_row is not None else ("rows", "folds", "test_rows")
    own = {name: RUN.fingerprint[name] for name in names} | fingerprint
    logits = np.random.default_rng(seed).normal(size=(len(row_ids), len(labels)))
    folds = None if fold_of_row is None else np.array(fold_of_row)
    ids = np.array(list(row_ids), dtype=object)
    return ScoreTable(ids, logits.astype(np.float32), labels, folds, own)


def experiments(*names, **changes):
    """Out-of-fold and test scores of experiments that fit, with tables changed by name."""
    out_of_fold = {name: scores("ab", [0, 1]) for name in names}
    test_scores = {name: scores("xyz") for name in names}
    return out_of_fold | changes.get("out_of_fold", {}), test_scores | changes.get("test", {})


def test_all_takes_every_experiment_that_fits():
    selection = select_members(*experiments("b", "a"), "all", RUN)
    assert list(selection.out_of_fold) == list(selection.test_scores) == ["a", "b"]
    assert selection.skipped == {}


MISFITS = {
    "other rows": (
        scores("ab", [0, 1], rows="9" * 64),
        scores("xyz"),
        r"rows are 99999999,.*11111111",
    ),
    "other folds": (scores("ab", [0, 1], folds="8" * 64), scores("xyz"), r"folds are 88888888,"),
    "other test rows": (
        scores("ab", [0, 1]),
        scores("xyz", test_rows="7" * 64),
        r"test_rows are 7{8},",
    ),
    "stale test scores": (
        scores("ab", [0, 1]),
        scores("xyz", rows="6" * 64),
        r"rows are 66666666,",
    ),
    "more labels": (
        scores("ab", [0, 1], labels=(*LABELS, "x")),
        scores("xyz"),
        r"it tells 3 labels apart, this run 2",
    ),
    "other order": (
        scores("ab", [0, 1]),
        scores("xyz", labels=LABELS[::-1]),
        "label 0 is per:title against no_relation",
    ),
    "no fingerprint": (
        ScoreTable(np.array(["a"], dtype=object), np.zeros((1, 2), np.float32), LABELS),
        scores("xyz"),
        "rows are not recorded",
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit_is_skipped_with_a_warning_that_names_the_field(case, caplog):
    out_of_fold, test_scores, message = MISFITS[case]
    tables = experiments("base", out_of_fold={"odd": out_of_fold}, test={"odd": test_scores})
    selection = select_members(*tables, "all", RUN)
    assert list(selection.test_scores) == ["base"]
    assert list(selection.skipped) == ["odd"]
    (record,) = caplog.records
    assert "odd is left out" in record.getMessage()
    with pytest.raises(ValueError, match=rf"odd: its {message}|odd: .*{message}"):
        select_members(*tables, ["base", "odd"], RUN)


def test_an_experiment_without_test_or_out_of_fold_scores_is_skipped():
    out_of_fold, test_scores = experiments("base", "half", "imported")
    del test_scores["half"], out_of_fold["imported"]
    selection = select_members(out_of_fold, test_scores, "all", RUN)
    assert list(selection.test_scores) == ["base"]
    assert "no test scores; run its predict" in selection.skipped["half"]
    assert "no out-of-fold scores; run its train" in selection.skipped["imported"]
    with pytest.raises(ValueError, match="half: it has no test scores"):
        select_members(out_of_fold, test_scores, ["half"], RUN)


def test_named_members_come_in_the_order_named_and_once():
    selection = select_members(*experiments("a", "b", "c"), ["c", "a", "c"], RUN)
    assert list(selection.test_scores) == ["c", "a"]
    assert selection.skipped == {}


def test_a_named_misfit_does_not_matter_if_it_was_not_named(caplog):
    odd = scores("xyz", test_rows="7" * 64)
    select_members(*experiments("base", "odd", test={"odd": odd}), ["base"], RUN)
    assert not caplog.records


PART_0, PART_1 = scores("ac", [0, 0]), scores("b", [1])
PARTS = {
    "beside a whole one": ({"whole": scores("ab", [0, 1]), "quick": PART_0}, ["whole"], {}),
    "none is whole": (
        {"long": PART_0, "other": PART_1, "quick": PART_0},
        ["long", "quick"],
        {"long": "fold 0 only", "quick": "fold 0 only"},
    ),
}


@pytest.mark.parametrize("case", PARTS)
def test_experiments_of_some_folds_do_not_shrink_a_blend_of_all(case, caplog):
    out_of_fold, members, partial = PARTS[case]
    test_scores = {name: scores("xyz") for name in out_of_fold}
    selection = select_members(out_of_fold, test_scores, "all", RUN)
    assert list(selection.out_of_fold) == list(selection.test_scores) == members
    assert selection.partial == partial
    assert all("was scored on fold" in reason for reason in selection.skipped.values())
    assert selection.skipped.keys() == out_of_fold.keys() - set(members)

    caplog.clear()
    named = select_members(out_of_fold, test_scores, ["quick"], RUN)
    assert (list(named.out_of_fold), named.partial) == (["quick"], {"quick": "fold 0 only"})
    assert "fitted and judged on its 2 rows at most, of 4" in caplog.text


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"rbret: it has no scores at all.*with scores: base, rbert"
    ):
        select_members(*experiments("base", "rbert"), ["rbret"], RUN)


@pytest.mark.parametrize(
    ("tables", "members", "message"),
    [
        (({}, {}), "all", "None has scores"),
        (experiments("base"), [], "empty list"),
        (experiments(test={"odd": scores("x")}), "all", "odd: it has no out-of-fold"),
    ],
)
def test_an_ensemble_of_nothing_is_refused(tables, members, message):
    with pytest.raises(ValueError, match=message):
        select_members(*tables, members, RUN)


def with_scores(table, place, value):
    logits = table.logits.copy()
    logits[place] = value
    return replace(table, logits=logits)


UNTRUSTED = {
    "fold numbers permuted": (scores("ab", [1, 0]), "2 of its out-of-fold scores are by a fold"),
    "one row by a model that trained on it": (
        scores("abcc", [0, 1, 0, 2]),
        "1 of its out-of-fold scores are by a fold that does not hold the row out, such as row c: "
        "a blend would be tuned on rows that a model trained on; train it again",
    ),
    "a row that no fold holds out": (scores("abz", [0, 1, 1]), "such as row z"),
    "a row twice for one fold": (scores("aba", [0, 1, 0]), "scores a row twice for one fold"),
    "out-of-fold scores without folds": (
        replace(scores("ab", [0, 1]), folds=None),
        "its out-of-fold scores do not say which fold made them",
    ),
    "not a number": (
        with_scores(scores("ab", [0, 1]), (1, 0), np.nan),
        "1 of its rows have scores that are not numbers; its training diverged",
    ),
    "infinite": (
        with_scores(scores("ab", [0, 1]), (0, 1), np.inf),
        "1 of its rows have scores that are not numbers",
    ),
    "every label ruled out": (
        with_scores(scores("ab", [0, 1]), 0, -np.inf),
        "1 of its rows have scores that are not numbers",
    ),
}


@pytest.mark.parametrize("case", UNTRUSTED)
def test_scores_that_a_blend_must_not_be_tuned_on_are_refused_by_name(case):
    out_of_fold, reason = UNTRUSTED[case]
    tables = experiments("base", "leaky", out_of_fold={"leaky": out_of_fold})
    selection = select_members(*tables, "all", RUN)
    assert list(selection.out_of_fold) == list(selection.test_scores) == ["base"]
    assert list(selection.skipped) == ["leaky"]
    assert reason in selection.skipped["leaky"]
    assert reason in why_not_judged(out_of_fold, RUN)
    with pytest.raises(ValueError, match=r"cannot be blended\. leaky: ") as refusal:
        select_members(*tables, ["base", "leaky"], RUN)
    assert reason in str(refusal.value)


def test_sound_scores_are_judged_without_test_scores():
    assert why_not_judged(scores("ab", [0, 1]), RUN) == ""
    other = scores("ab", [0, 1], folds="8" * 64)
    assert why_not_judged(other, RUN).startswith("its folds are 88888888,")


def test_test_scores_have_to_be_numbers_too():
    broken = with_scores(scores("xyz"), (2, 1), np.nan)
    selection = select_members(*experiments("base", "odd", test={"odd": broken}), "all", RUN)
    assert "1 of its rows have scores that are not numbers" in selection.skipped["odd"]


def test_a_row_of_two_folds_and_a_label_ruled_out_are_no_reason():
    """Folds may overlap, members may have trained some of them, and a head may rule labels out."""
    overlapping = with_scores(scores("cbc", [0, 1, 1]), (0, 0), -np.inf)
    tables = experiments("base", "odd", out_of_fold={"odd": overlapping})
    assert select_members(*tables, "all", RUN).skipped == {}
