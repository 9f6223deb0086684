"""Guessing a row's file: every row once, by a classifier that did not see it."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from klue_pipeline.relation.exploration.adversarial_features import FeatureTable
from klue_pipeline.relation.exploration.file_guesses import guess_files, join_files
from klue_pipeline.relation.settings.exploration_params import AdversarialParams

PARAMS = AdversarialParams(
    max_rows=None, n_splits=3, seed=1, shortest_ngram=1, longest_ngram=2, max_ngrams=100,
    min_rows=1, inverse_regularisation=1.0, listed_features=5,
)  # fmt: skip


def make_rows(name, n_rows, per_sentence=1):
    numbers = np.arange(n_rows) // per_sentence
    return pd.DataFrame(
        {
            "row_id": [f"{name}-{number}" for number in range(n_rows)],
            "sentence": [f"{name} {number}" for number in numbers],
            "pair_key": [f"{name}\t{number}" for number in numbers],
        }
    )


def features_of(column):
    values = csr_matrix(np.asarray(column, dtype=np.float64)[:, None])
    return FeatureTable(values, values, ["one"], ["number"])


def test_every_row_is_held_out_once_and_twins_together():
    files = join_files(make_rows("a", 60, per_sentence=4), make_rows("b", 30), PARAMS)
    assert sorted(np.concatenate(files.parts)) == list(range(90))
    for part in files.parts:
        assert 0 < files.is_test[part].sum() < len(part)
        inside = set(files.rows["sentence"].iloc[part])
        assert files.rows["sentence"].isin(inside).sum() == len(part)
    assert files.rows["split"].tolist() == ["train"] * 60 + ["test"] * 30


@pytest.mark.parametrize("n_test", [0, 2])
def test_rows_that_do_not_reach_every_fold_have_no_parts(n_test):
    assert join_files(make_rows("a", 60), make_rows("b", n_test), PARAMS).parts == []


def test_odds_are_those_of_files_of_one_size():
    """A row of no news is as likely of either file, however many more rows one of them has."""
    files = join_files(make_rows("a", 300), make_rows("b", 30), PARAMS)
    found = guess_files(features_of(np.zeros(330)), files, PARAMS)
    assert found.log_odds == pytest.approx(np.zeros(330), abs=1e-6)
    assert found.auc == pytest.approx([0.5, 0.5, 0.5])


def test_what_tells_the_files_apart_has_odds_and_a_weight_of_its_sign():
    files = join_files(make_rows("a", 60), make_rows("b", 60), PARAMS)
    found = guess_files(features_of(np.where(files.is_test, -1, 1)), files, PARAMS)
    assert ((found.log_odds > 1) == files.is_test).all()
    assert found.auc.tolist() == [1, 1, 1]
    assert found.coefficients.shape == (1,)
    assert found.coefficients[0] < -1


def test_a_row_is_guessed_by_others_only():
    """Each row stands out by a feature of its own, which says nothing of a row never seen."""
    files = join_files(make_rows("a", 30), make_rows("b", 30), PARAMS)
    values = csr_matrix(np.eye(60))
    own = FeatureTable(values, values, ["own"] * 60, ["n-gram"] * 60)
    assert np.abs(guess_files(own, files, PARAMS).log_odds).max() < 0.1
