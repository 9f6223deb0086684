"""Which experiments are blended, and what comes out."""

import numpy as np
import pytest

from klue_pipeline.relation.ensemble import (
    METHODS,
    Origin,
    select_members,
    soft_vote,
)
from klue_pipeline.relation.scores import ScoreTable

LABELS = ("no_relation", "per:title")
ORIGIN = Origin({"rows": "1" * 64, "folds": "2" * 64, "test_rows": "3" * 64}, LABELS)


def scores(row_ids, fold_of_row=None, labels=LABELS, seed=0, **fingerprint):
    names = ("rows", "folds") if fold_of_row is not None else ("rows", "folds", "test_rows")
    own = {name: ORIGIN.fingerprint[name] for name in names} | fingerprint
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
    selection = select_members(*experiments("b", "a"), "all", ORIGIN)
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
    selection = select_members(*tables, "all", ORIGIN)
    assert list(selection.test_scores) == ["base"]
    assert list(selection.skipped) == ["odd"]
    (record,) = caplog.records
    assert "odd is left out" in record.getMessage()
    with pytest.raises(ValueError, match=rf"odd: its {message}|odd: .*{message}"):
        select_members(*tables, ["base", "odd"], ORIGIN)


def test_an_experiment_without_test_or_out_of_fold_scores_is_skipped():
    out_of_fold, test_scores = experiments("base", "half", "imported")
    del test_scores["half"], out_of_fold["imported"]
    selection = select_members(out_of_fold, test_scores, "all", ORIGIN)
    assert list(selection.test_scores) == ["base"]
    assert "no test scores; run its predict" in selection.skipped["half"]
    assert "no out-of-fold scores; run its train" in selection.skipped["imported"]
    with pytest.raises(ValueError, match="half: it has no test scores"):
        select_members(out_of_fold, test_scores, ["half"], ORIGIN)


def test_named_members_come_in_the_order_named_and_once():
    selection = select_members(*experiments("a", "b", "c"), ["c", "a", "c"], ORIGIN)
    assert list(selection.test_scores) == ["c", "a"]
    assert selection.skipped == {}


def test_a_named_misfit_does_not_matter_if_it_was_not_named(caplog):
    odd = scores("xyz", test_rows="7" * 64)
    select_members(*experiments("base", "odd", test={"odd": odd}), ["base"], ORIGIN)
    assert not caplog.records


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(
        ValueError, match=r"rbret: it has no scores at all.*with scores: base, rbert"
    ):
        select_members(*experiments("base", "rbert"), ["rbret"], ORIGIN)


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
        select_members(*tables, members, ORIGIN)


def test_soft_vote_is_the_mean_of_probabilities_in_any_order():
    tables = [scores("xyz", seed=seed) for seed in range(3)]
    mean = np.mean([table.probabilities for table in tables], axis=0)
    for order in (tables, tables[::-1]):
        np.testing.assert_allclose(METHODS["soft_vote"](order).probabilities, mean, rtol=1e-5)


def test_a_member_counted_alone_is_itself():
    table = scores("xyz")
    np.testing.assert_allclose(soft_vote([table]).probabilities, table.probabilities, rtol=1e-5)
