"""What the models said about each row, and whether they agree."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.error_analysis.predictions import (
    describe_disagreement,
    describe_predictions,
    write_counts,
)
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


def test_folds_that_scored_the_same_test_row(world):
    found = describe_disagreement(world.test_rows)
    assert found["models"].tolist() == [2, 2, 2]
    assert found["different_predictions"].tolist() == [2, 1, 2]
    assert found["fold_predictions"].tolist() == [
        "no_relation (1), per:title (1)", "no_relation (2)", "no_relation (1), per:spouse (1)",
    ]  # fmt: skip


def test_one_fold_cannot_disagree_with_itself(world):
    world.fold_scores = world.fold_scores[:1]
    for rows in (world.test_rows, world.held_out_rows):
        found = describe_disagreement(rows)
        assert set(found["models"]) == set(found["different_predictions"]) == {1}
        assert found["fold_predictions"].isna().all()


def test_a_row_that_several_folds_held_out_says_so_on_each_of_its_lines(world, make_scores):
    likely = {"no_relation": [0.8, 0.1, 0.1], "per:title": [0.1, 0.1, 0.8]}
    scored = [("0", 0, "no_relation"), ("1", 1, "per:title"), ("0", 1, "per:title"),
              ("2", 0, "per:title"), ("0", 2, "per:title"), ("2", 1, "per:title")]  # fmt: skip
    ids, folds, labels = zip(*scored, strict=True)
    world.out_of_fold = make_scores(ids, [likely[label] for label in labels], folds=folds)
    found = describe_disagreement(world.held_out_rows)
    assert found["models"].tolist() == [3, 1, 3, 2, 3, 2]
    assert found["different_predictions"].tolist() == [2, 1, 2, 1, 2, 1]
    zero = "per:title (2), no_relation (1)"
    assert found["fold_predictions"].fillna("").tolist() == [
        zero, "", zero, "per:title (2)", zero, "per:title (2)",
    ]  # fmt: skip


def test_votes_are_those_of_a_count_row_by_row(world, make_scores):
    generator = np.random.default_rng(0)
    ids = world.test_sentences["row_id"]
    world.fold_scores = [make_scores(ids, generator.dirichlet(np.ones(3), 3)) for _ in range(7)]
    rows = world.test_rows
    found = describe_disagreement(rows)
    for row in range(len(rows)):
        votes = Counter(table.predictions[row] for table in rows.fold_scores)
        assert found["different_predictions"][row] == len(votes)
        parts = dict(part.split(" (") for part in found["fold_predictions"][row].split(", "))
        assert {name: int(count.rstrip(")")) for name, count in parts.items()} == votes


NAMES = ["a", "b", "c"]


@given(arrays(np.int64, st.tuples(st.integers(0, 12), st.just(3)), elements=st.integers(0, 4)))
def test_every_row_says_its_counts_the_greatest_first(counts):
    for row, text in zip(counts, write_counts(counts, NAMES), strict=True):
        wanted = Counter(dict(zip(NAMES, row.tolist(), strict=True)))
        parts = [f"{name} ({n})" for name, n in wanted.most_common() if n]
        assert text == ", ".join(parts) if parts else text != text  # noqa: PLR0124 - NaN
