"""The noise of each label, against a joint worked out by hand."""

import numpy as np
import pytest

from klue_pipeline.relation.label_audit import tabulate_noise

GIVEN = [0] * 10 + [1] * 5
# 8 of 10 rows given label 0 are right, 2 are label 1; 1 of 5 given label 1 is label 0; none is 2.
JOINT = np.array([[8, 2, 0], [1, 4, 0], [0, 0, 0]])


@pytest.fixture
def noise(make_audited, make_judgement):
    first = np.array([0.9] * 8 + [0.1] * 2 + [0.9] + [0.2] * 4)
    probabilities = np.column_stack([first, 1 - first, np.zeros(15)])
    judgement = make_judgement(
        15,
        is_issue=np.isin(np.arange(15), [8, 10]),
        self_confidence=probabilities[np.arange(15), GIVEN],
        joint=JOINT,
    )
    return tabulate_noise(make_audited(GIVEN, probabilities), judgement).set_index("label")


def test_noise_of_given_labels(noise):
    assert noise["support"].tolist() == [10, 5, 0]
    assert noise["predicted"].tolist() == [9, 6, 0]
    assert noise["issues"].tolist() == [1, 1, 0]
    np.testing.assert_allclose(noise["mean_confidence"], [0.74, 0.66, np.nan])
    np.testing.assert_allclose(noise["noise_share"], [0.2, 0.2, np.nan])
    assert noise["likely_true_label"].tolist()[:2] == ["label_1", "label_0"]
    np.testing.assert_allclose(noise["likely_true_share"], [0.2, 0.2, np.nan])


def test_noise_of_true_labels(noise):
    assert noise["estimated_true_rows"].tolist() == [9, 6, 0]
    np.testing.assert_allclose(noise["missed_share"], [1 / 9, 2 / 6, np.nan])
    assert noise["likely_given_label"].tolist()[:2] == ["label_1", "label_0"]
    np.testing.assert_allclose(noise["likely_given_share"], [1 / 9, 2 / 6, np.nan])


def test_what_is_not_known_is_missing(noise):
    row = noise.loc["label_2"]
    assert row[["likely_true_label", "likely_given_label"]].isna().all()
    assert row[["noise_share", "missed_share", "likely_true_share"]].isna().all()


def test_a_clean_label_is_mistaken_for_nothing(make_audited, make_judgement):
    judgement = make_judgement(2, self_confidence=np.ones(2), joint=np.eye(2, dtype=np.int64))
    noise = tabulate_noise(make_audited([0, 1], np.eye(2)), judgement)
    assert noise["noise_share"].tolist() == [0, 0]
    unknown = ["likely_true_label", "likely_true_share", "likely_given_label"]
    assert noise[unknown].isna().all(axis=None)
