"""Whether the models of the folds agree."""

from collections import Counter

import numpy as np
import pytest

from klue_pipeline.relation.error_analysis.predictions import describe_disagreement


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


@pytest.mark.parametrize("seed", range(3))
def test_votes_are_those_of_a_count_row_by_row(world, make_scores, seed):
    generator = np.random.default_rng(seed)
    ids = world.test_sentences["row_id"]
    world.fold_scores = [make_scores(ids, generator.dirichlet(np.ones(3), 3)) for _ in range(7)]
    rows = world.test_rows
    found = describe_disagreement(rows)
    for row in range(len(rows)):
        votes = Counter(table.predictions[row] for table in rows.fold_scores)
        assert found["different_predictions"][row] == len(votes)
        said = dict(part.split(" (") for part in found["fold_predictions"][row].split(", "))
        assert {name: int(count.rstrip(")")) for name, count in said.items()} == votes
