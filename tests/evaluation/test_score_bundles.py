"""Score bundles: what belongs together, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from klue_pipeline.evaluation.score_bundles import (
    BundleDescription,
    ScoreBundle,
    ScoredExperiment,
    make_bundle,
)
from klue_pipeline.evaluation.scores import ScoreTable

NAMES = ("no_relation", "per:title", "org:members")
PRINT = {"rows": "aa", "folds": "bb", "test_rows": "cc"}
EXPERIMENT = {
    "experiment": "rbert",
    "folder": "rbert--lr3e5",
    "why": "상위 층의 학습률을 낮추면 덜 흔들린다.",
    "kind": "single",
    "settings": {"training": {"epochs": 3, "freeze": None}},
    "metrics": {"out_of_fold": {"micro_f1": 61.5, "rows": 4}},
    "labels": {"names": list(NAMES), "negative": "no_relation"},
    "code_version": "0.1.0",
    "created_at": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
}


def describe(**changes):
    return ScoredExperiment(**{**EXPERIMENT, **changes})


def score(row_ids, folds=None, seed=0, **changes):
    logits = np.random.default_rng(seed).normal(size=(len(row_ids), 3)).astype(np.float32)
    fingerprint = {name: PRINT[name] for name in (PRINT if folds is None else ["rows", "folds"])}
    folds = None if folds is None else np.array(folds)
    table = ScoreTable(np.array(list(row_ids), dtype=object), logits, NAMES, folds, fingerprint)
    return replace(table, **changes)


@pytest.fixture
def out_of_fold():
    return score("abcd", folds=[2, 0, 0, 2])


@pytest.fixture
def test_scores():
    return score("xyz", seed=1)


@pytest.fixture
def bundle(out_of_fold, test_scores):
    return make_bundle(describe(), out_of_fold, test_scores)


def test_a_bundle_says_what_its_tables_hold(bundle, out_of_fold, test_scores):
    description = bundle.description
    assert (description.folds, description.fingerprint.model_dump()) == ([0, 2], PRINT)
    assert (description.n_out_of_fold_rows, description.n_test_rows) == (4, 3)
    assert (description.folder, description.why) == ("rbert--lr3e5", EXPERIMENT["why"])
    assert bundle.out_of_fold is out_of_fold
    assert bundle.test_scores is test_scores


def test_a_description_survives_json(bundle):
    text = bundle.description.model_dump_json()
    assert BundleDescription.model_validate_json(text) == bundle.description


def test_a_row_held_out_by_two_folds_has_two_scores(test_scores):
    twice = score("aab", folds=[0, 1, 1])
    assert make_bundle(describe(), twice, test_scores).description.n_out_of_fold_rows == 3


def test_a_label_may_be_ruled_out(out_of_fold, test_scores):
    out_of_fold.logits[1, :2] = -np.inf
    assert make_bundle(describe(), out_of_fold, test_scores).out_of_fold.probabilities[1, 2] == 1


@pytest.mark.parametrize("value", [np.nan, np.inf, [-np.inf] * 3])
@pytest.mark.parametrize("part", ["out-of-fold", "test"])
def test_scores_without_probabilities_are_refused(out_of_fold, test_scores, part, value):
    table = out_of_fold if part == "out-of-fold" else test_scores
    table.logits[1, : np.size(value)] = value
    row_id = table.row_ids[1]
    with pytest.raises(ValueError, match=rf"1 rows of the {part} scores.*\['{row_id}'\].*NaN"):
        make_bundle(describe(), out_of_fold, test_scores)


@given(st.integers(0, 3), st.integers(0, 2), st.sampled_from([np.nan, np.inf]))
def test_one_broken_score_anywhere_is_found(row, label, value):
    table = score("abcd", folds=[0, 0, 1, 1])
    table.logits[row, label] = value
    with pytest.raises(ValueError, match="have scores that are NaN"):
        make_bundle(describe(), table, score("xyz"))


BROKEN_PARTS = {
    "labels in another order": (
        {"out_of_fold": {"labels": NAMES[::-1]}},
        r"out-of-fold scores are for 3 labels \['org:members'.*description lists 3: \['no_relation",
    ),
    "labels of a binary model": (
        {"test_scores": {"labels": NAMES[:2], "logits": np.zeros((3, 2), np.float32)}},
        "test scores are for 2 labels.*description lists 3",
    ),
    "other training rows": (
        {"out_of_fold": {"fingerprint": {"rows": "zz", "folds": "bb"}}},
        "out-of-fold scores were made from rows zz, the description says aa",
    ),
    "another split": (
        {"test_scores": {"fingerprint": {**PRINT, "folds": "zz"}}},
        "test scores were made from folds zz, the description says bb",
    ),
    "no word of test rows": (
        {"test_scores": {"fingerprint": {"rows": "aa", "folds": "bb"}}},
        "test scores were made from test_rows not recorded",
    ),
    "no folds": ({"out_of_fold": {"folds": None}}, "of folds not recorded.*says \\[0, 2\\]"),
    "fewer folds": (
        {"out_of_fold": {"folds": np.zeros(4, int)}},
        r"of folds \[0\], the description says \[0, 2\]",
    ),
    "test scores by fold": ({"test_scores": {"folds": np.zeros(3, int)}}, "test scores name folds"),
    "a row twice": (
        {"test_scores": {"row_ids": np.array(["x", "y", "x"], object)}},
        "test scores list row 'x' twice",
    ),
    "a row twice in one fold": (
        {"out_of_fold": {"row_ids": np.array(["a", "b", "b", "d"], object)}},
        "out-of-fold scores list row 'b' twice",
    ),
    "row ids that are numbers": (
        {"test_scores": {"row_ids": np.array(["x", 7, None], object)}},
        "test scores have the row id 7, which is no text",
    ),
    "row ids that are lists": (
        {"test_scores": {"row_ids": np.array(["x", [1], "z"], object)}},
        r"test scores have the row id \[1\], which is no text",
    ),
}


@pytest.mark.parametrize("case", BROKEN_PARTS)
def test_parts_that_do_not_belong_together_are_refused(bundle, case):
    changes, message = BROKEN_PARTS[case]
    parts = {name: replace(getattr(bundle, name), **change) for name, change in changes.items()}
    with pytest.raises(ValueError, match=f"(?s){message}.*Export the experiment again"):
        replace(bundle, **parts)


def test_rows_that_were_lost_are_counted(bundle):
    fewer = score("abc", folds=[2, 0, 0])
    with pytest.raises(ValueError, match="out-of-fold scores have 3 rows, the description says 4"):
        replace(bundle, out_of_fold=fewer)


def test_everything_that_is_wrong_is_listed(bundle):
    with pytest.raises(ValueError, match="test_rows zz") as caught:
        ScoreBundle(
            bundle.description,
            replace(bundle.out_of_fold, labels=NAMES[::-1]),
            score("xx", fingerprint={**PRINT, "test_rows": "zz"}),
        )
    for reason in ("for 3 labels", "have 2 rows, the description says 3", "list row 'x' twice"):
        assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fingerprint": {"rows": "aa", "folds": "bb"}}, "do not say which test_rows"),
        ({"fingerprint": {}}, "do not say which test_rows"),
    ],
)
def test_scores_of_unknown_origin_are_not_bundled(out_of_fold, test_scores, change, message):
    with pytest.raises(ValueError, match=message):
        make_bundle(describe(), out_of_fold, replace(test_scores, **change))


def test_scores_of_unknown_folds_are_not_bundled(out_of_fold, test_scores):
    with pytest.raises(ValueError, match="do not say which folds"):
        make_bundle(describe(), replace(out_of_fold, folds=None), test_scores)


def test_test_scores_of_other_models_are_not_bundled(out_of_fold, test_scores):
    other = replace(test_scores, fingerprint={**PRINT, "rows": "zz"})
    with pytest.raises(ValueError, match="out-of-fold scores were made from rows aa"):
        make_bundle(describe(), out_of_fold, other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": {"names": ["a", "b", "a"], "negative": None}}, "listed twice: a"),
        ({"labels": {"names": ["a", "b"], "negative": "c"}}, "'c' is not among the labels"),
        ({"kind": "blend"}, "kind"),
        ({"created_at": datetime(2026, 11, 23)}, "created_at"),
        ({"folder": ""}, "folder"),
        ({"metrics": {"f1": object()}}, "metrics"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_a_wrong_description_is_refused(change, message):
    with pytest.raises(ValidationError, match=message):
        describe(**change)
