"""What the models said about each row."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.error_analysis.predictions import describe_predictions
from klue_pipeline.relation.settings.params import TargetParams


def test_the_prediction_of_each_row_by_hand(world):
    found = describe_predictions(world.held_out_rows).set_index(pd.Index(list("012345")))
    assert found["predicted_label"].tolist() == [
        "no_relation", "no_relation", "per:title", "no_relation", "no_relation", "per:spouse",
    ]  # fmt: skip
    assert found["correct"].tolist() == [True, False, True, False, True, False]
    assert found["confidence"].tolist() == pytest.approx([0.7, 0.5, 0.8, 0.6, 0.9, 0.8])
    assert found["true_probability"].tolist() == pytest.approx([0.7, 0.4, 0.8, 0.3, 0.9, 0.05])
    last = found.loc["5"]
    assert last[["top_1", "top_2", "top_3"]].tolist() == ["per:spouse", "no_relation", "per:title"]
    assert last[["probability_1", "probability_2", "probability_3"]].tolist() == pytest.approx(
        [0.8, 0.15, 0.05]
    )


def test_ranks_that_a_small_label_set_does_not_fill_are_missing(world):
    found = describe_predictions(world.held_out_rows)
    assert found[["top_4", "top_5", "probability_4", "probability_5"]].isna().all().all()
    assert (str(found["top_5"].dtype), str(found["probability_5"].dtype)) == ("str", "float64")


def test_a_row_without_a_true_label_is_neither_right_nor_wrong(world):
    found = describe_predictions(world.test_rows)
    assert found["correct"].isna().tolist() == [False, True, False]
    assert found["true_label"].isna().tolist() == [False, True, False]
    assert found["true_probability"].isna().tolist() == [False, True, False]
    # The mean of 0.7 and 0.06, and of 0.4 and 0.8.
    assert found["true_probability"].dropna().tolist() == pytest.approx([0.38, 0.6])


def test_five_of_many_labels_are_shown_as_a_full_sort_has_them(world, make_scores):
    names = [f"label_{number}" for number in range(30)]
    world.labels = LabelSet(names=names, negative=None)
    world.sentences["label"] = "label_7"
    probabilities = np.random.default_rng(0).dirichlet(np.ones(30), size=6)
    world.out_of_fold = make_scores(world.sentences["row_id"], probabilities, names, [0] * 6)
    found = describe_predictions(world.held_out_rows)
    for row, wanted in enumerate(probabilities):
        best = sorted(range(30), key=lambda label: -wanted[label])[:5]
        assert found.loc[row, "top_1":"top_5"].tolist() == [names[label] for label in best]
        assert found.loc[row, "probability_1":"probability_5"].tolist() == pytest.approx(
            wanted[best], rel=1e-5
        )
    np.testing.assert_allclose(found["true_probability"], probabilities[:, 7], rtol=1e-5)


def test_equal_scores_are_ranked_as_the_prediction_is(world, make_scores):
    world.out_of_fold = make_scores(["0"], [[0.2, 0.4, 0.4]], folds=[0])
    rows = world.held_out_rows
    found = describe_predictions(rows).loc[0, "top_1":"top_3"].tolist()
    assert found == ["per:spouse", "per:title", "no_relation"]
    assert found[0] == rows.scores.predictions[0]


def test_a_forbidden_true_label_has_probability_0(world, make_scores):
    world.out_of_fold = make_scores(["1"], [[0.5, 0.5, 0.0]], folds=[1])
    found = describe_predictions(world.held_out_rows).loc[0]
    assert (found["true_probability"], found["top_3"]) == (0.0, "per:title")


def test_a_binary_model_answers_in_its_own_labels(world, make_scores):
    world.target = TargetParams(name="binary")
    names = ["no_relation", "relation"]
    world.out_of_fold = make_scores(["0", "1"], [[0.4, 0.6]] * 2, names, folds=[0, 1])
    found = describe_predictions(world.held_out_rows)
    assert found["true_label"].tolist() == names
    assert found["correct"].tolist() == [False, True]
