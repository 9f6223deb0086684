"""The stacked classifier against one that is fitted by hand."""

import sys
import warnings
from dataclasses import replace

import numpy as np
from sklearn.linear_model import LogisticRegression

from klue_pipeline.evaluation.logits import LOG_ZERO
from klue_pipeline.relation.ensemble.methods.interface import Objective
from klue_pipeline.relation.ensemble.methods.stacking import stack

PLAIN, SHIFTED = Objective("micro_f1", 0), Objective("shift_micro_f1", 0)


def features(members):
    """Log-probabilities of all members in one row, bounded below and scaled for the penalty."""
    return np.hstack([np.maximum(own, -20) / 5 for own in members])


def fit_by_hand(rows, strength):
    """To the end, where the stacked one may stop early."""
    classifier = LogisticRegression(C=strength, max_iter=5000, tol=1e-8)
    return classifier.fit(features(rows.log_probabilities).astype(np.float64), rows.gold_ids)


def test_it_is_a_penalised_logistic_regression(draw_rows, ensemble_params):
    rows, unseen = draw_rows(n_rows=150), draw_rows(n_rows=40, seed=1)
    weak, strong = (
        stack(rows, PLAIN, ensemble_params(stacking_strength=strength)).apply(
            unseen.log_probabilities
        )
        for strength in (0.01, 1.0)
    )
    wanted = fit_by_hand(rows, 0.01).predict_proba(features(unseen.log_probabilities))
    np.testing.assert_allclose(weak, wanted, atol=2e-3)
    # The stronger, the earlier it stops in proportion.
    wanted = fit_by_hand(rows, 1.0).predict_proba(features(unseen.log_probabilities))
    np.testing.assert_allclose(strong, wanted, atol=0.02)
    assert np.abs(strong - weak).max() > 0.2


def test_it_may_count_a_member_against_another(draw_rows, ensemble_params):
    """A member that is always wrong in the same way helps, which no mean can make use of."""
    rows = draw_rows(n_members=1, n_rows=150, n_labels=3)
    deceived = (rows.gold_ids + 1) % 3
    blended = stack(
        replace(
            rows, log_probabilities=np.log(np.eye(3)[deceived] * 0.7 + 0.1)[None].astype(np.float32)
        ),
        PLAIN,
        ensemble_params(stacking_strength=10.0),
    ).apply(np.log(np.eye(3) * 0.7 + 0.1)[None].astype(np.float32))
    assert blended.argmax(axis=1).tolist() == [2, 0, 1]


def test_a_label_that_no_tuning_row_has_gets_next_to_nothing(draw_rows, ensemble_params):
    rows = draw_rows(n_rows=90)
    without = replace(rows, gold_ids=np.where(rows.gold_ids == 2, 3, rows.gold_ids))
    blended = stack(without, PLAIN, ensemble_params()).apply(rows.log_probabilities)
    assert blended.shape == (90, 4)
    assert (blended[:, 2] > 0).all()
    assert (blended[:, 2] < 1e-8).all()
    wanted = fit_by_hand(without, 0.1).predict_proba(features(rows.log_probabilities))
    np.testing.assert_allclose(blended[:, [0, 1, 3]], wanted, atol=2e-3)
    np.testing.assert_allclose(blended.sum(axis=1), 1)


def test_one_label_only_is_said_of_every_row(draw_rows, ensemble_params):
    rows = draw_rows(n_rows=20)
    uniform = replace(rows, gold_ids=np.full(20, 3))
    blended = stack(uniform, PLAIN, ensemble_params()).apply(rows.log_probabilities[:, :5])
    assert blended.shape == (5, 4)
    np.testing.assert_allclose(blended, np.tile([0, 0, 0, 1], (5, 1)), atol=1e-8)
    assert (blended > 0).all()


def test_rows_are_never_weighed(draw_rows, ensemble_params):
    rows = draw_rows()
    plain, shifted = (
        stack(rows, objective, ensemble_params()).apply(rows.log_probabilities)
        for objective in (PLAIN, SHIFTED)
    )
    np.testing.assert_array_equal(plain, shifted)


def test_a_ruled_out_label_counts_as_very_unlikely(draw_rows, ensemble_params):
    """Its logarithm is bounded, in the rows to fit on and in those to speak about."""
    rows = draw_rows()
    ruled_out, unlikely = rows.log_probabilities.copy(), rows.log_probabilities.copy()
    ruled_out[0, ::3, 1], unlikely[0, ::3, 1] = LOG_ZERO, -20
    blended = [
        stack(replace(rows, log_probabilities=members), PLAIN, ensemble_params()).apply(members)
        for members in (ruled_out, unlikely)
    ]
    np.testing.assert_array_equal(*blended)


def test_stopping_early_is_no_warning(draw_rows, ensemble_params, monkeypatch):
    monkeypatch.setattr(sys.modules[stack.__module__], "_MAX_ITERATIONS", 1)
    rows = draw_rows()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        blended = stack(rows, PLAIN, ensemble_params()).apply(rows.log_probabilities)
    assert (
        np.abs(
            blended - fit_by_hand(rows, 0.1).predict_proba(features(rows.log_probabilities))
        ).max()
        > 0.01
    )


def test_no_number_stands_for_a_classifier(draw_rows, ensemble_params):
    assert stack(draw_rows(), PLAIN, ensemble_params()).weights is None
