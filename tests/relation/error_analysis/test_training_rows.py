"""Which fold's model learned from which training rows, and what they say of a pair."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.error_analysis import ScoredRows, TrainingRows
from klue_pipeline.relation.error_analysis.training_rows import describe_pairs
from klue_pipeline.relation.settings.params import TargetParams


def test_a_model_learns_from_what_its_fold_does_not_hold_out(world):
    held_out = np.array([[1, 0], [0, 1], [0, 1], [1, 0], [0, 1], [1, 0]], dtype=bool)
    np.testing.assert_array_equal(world.training.learned, ~held_out)


def test_folds_may_overlap_and_leave_rows_in_none(world):
    world.members = pd.DataFrame({"fold": [0, 0, 3], "row_id": ["0", "1", "1"]})
    world.folds = [3, 0]
    training = world.training
    assert training.folds == (0, 3)
    assert training.learned[:3].tolist() == [[False, True], [False, False], [True, True]]
    assert training.columns_of(np.array([3, 0, 3])).tolist() == [1, 0, 1]


def test_rows_without_an_answer_teach_nothing(world):
    world.target = TargetParams(name="positive")
    learned = world.training.learned
    assert learned[[0, 4]].any() == np.False_
    assert learned[[1, 2, 3, 5]].sum() == 4


def test_what_does_not_belong_together_is_refused(world):
    with pytest.raises(ValueError, match=r"Rows were scored by folds \[4\], but only folds \[0, 1"):
        world.training.columns_of(np.array([0, 4]))
    world.folds = [0, 2]
    with pytest.raises(ValueError, match=r"There is no fold 2; the split has folds \[0, 1\]"):
        _ = world.training
    world.folds = []
    with pytest.raises(ValueError, match="Found no fold that was trained"):
        _ = world.training
    world.folds, world.sentences = [0], world.sentences[1:]
    with pytest.raises(ValueError, match="Fold 0 validates on 1 row outside the table"):
        _ = world.training


def test_other_training_rows_count_whichever_entity_is_the_subject(world):
    found = describe_pairs(world.held_out_rows, world.training)
    assert found["pair_rows"].tolist() == [2, 2, 2, 0, 0, 0]
    # Fold 0 holds out row 0 alone, fold 1 both others: its model saw row 0.
    assert found["pair_rows_seen"].tolist() == [2, 1, 1, 0, 0, 0]
    assert found["pair_labels"].fillna("").tolist() == [
        "per:title (2)", "no_relation (1), per:title (1)", "no_relation (1), per:title (1)",
        "", "", "",
    ]  # fmt: skip


def test_a_test_row_with_the_id_of_a_training_row_is_none(world):
    found = describe_pairs(world.test_rows, world.training)
    assert found["pair_rows"].tolist() == [3, 0, 1]
    assert found["pair_labels"].fillna("").tolist() == [
        "per:title (2), no_relation (1)", "", "per:spouse (1)",
    ]  # fmt: skip
    assert found["pair_rows_seen"].tolist() == [3, 0, 1]


def test_test_rows_count_what_one_fold_at_least_has_learned(world):
    """With one fixed hold-out, the rows held out teach nobody."""
    world.members = pd.DataFrame({"fold": 0, "row_id": ["1", "2", "3"]})
    world.folds = [0]
    found = describe_pairs(world.test_rows, world.training)
    assert found["pair_rows"].tolist() == [3, 0, 1]
    assert found["pair_rows_seen"].tolist() == [1, 0, 0]


def test_labels_of_pairs_are_the_given_ones_whatever_the_target(world, make_scores):
    world.target = TargetParams(name="positive")
    names = ["per:spouse", "per:title"]
    world.out_of_fold = make_scores(["1"], [[0.5, 0.5]], names, folds=[1])
    found = describe_pairs(world.held_out_rows, world.training)
    assert found["pair_labels"].tolist() == ["no_relation (1), per:title (1)"]
    # Row 0 has no relation, which a model of relations does not learn from.
    assert found["pair_rows_seen"].tolist() == [0]


def test_rows_that_their_model_learned_from_are_refused(world):
    world.members["fold"] = [0, 1, 0, 0, 1, 0]  # row 2 was scored by fold 1
    with pytest.raises(ValueError, match=r"1 out-of-fold rows were scored by .* \['2'\]; scores"):
        describe_pairs(world.held_out_rows, world.training)


pairs_labels_folds = st.lists(
    st.tuples(st.sampled_from("pqr"), st.sampled_from("ab"), st.sets(st.integers(0, 2))),
    min_size=1,
    max_size=15,
)


@given(pairs_labels_folds)
def test_counts_are_those_of_a_look_at_every_row(drawn):
    pairs, labels, held_out = zip(*drawn, strict=True)
    ids = [str(number) for number in range(len(drawn))]
    sentences = pd.DataFrame({"row_id": ids, "pair_key": pairs, "label": labels})
    learned = np.array([[fold not in folds for fold in range(3)] for folds in held_out])
    training = TrainingRows(sentences, ("a", "b"), (0, 1, 2), learned)
    scored = [(row, fold) for row, folds in enumerate(held_out) for fold in sorted(folds)]
    places = [row for row, _ in scored]
    rows = ScoredRows(
        "out_of_fold",
        ScoreTable(
            sentences["row_id"].to_numpy(dtype=object)[places],
            np.zeros((len(scored), 2), dtype=np.float32),
            ("a", "b"),
            np.array([fold for _, fold in scored], dtype=np.int64),
        ),
        sentences.iloc[places].reset_index(drop=True),
        sentences["label"].iloc[places].reset_index(drop=True),
    )
    found = describe_pairs(rows, training)
    for line, (row, fold) in enumerate(scored):
        others = [
            other for other in range(len(drawn)) if other != row and pairs[other] == pairs[row]
        ]
        assert found["pair_rows"][line] == len(others)
        assert found["pair_rows_seen"][line] == sum(fold not in held_out[o] for o in others)
        counts = Counter(sorted(labels[other] for other in others))
        text = ", ".join(f"{name} ({count})" for name, count in counts.most_common())
        assert found["pair_labels"].fillna("")[line] == text
