"""Which windows a fold learns from and which it is judged on, and how others are left out."""

import pandas as pd
import pytest

from klue_pipeline.odqa.reader.fold_windows import draw_windows, split_windows

EXAMPLES = [
    ("t1", "t1", "original", "train"),
    ("t1+flip", "t1", "random_flip", "train"),
    ("t1+hard", "t1", "hard_passage", "train"),
    ("t2", "t2", "original", "train"),
    ("t2+flip", "t2", "random_flip", "train"),
    ("t2+hard", "t2", "hard_passage", "train"),
    ("v1", "v1", "original", "validation"),
    ("v1+flip", "v1", "random_flip", "validation"),
]
TRAINING_ROWS = {row_id for row_id, *_, part in EXAMPLES if part == "train"}


@pytest.fixture
def examples():
    return pd.DataFrame(EXAMPLES, columns=["row_id", "question_id", "method", "part"])


@pytest.fixture
def features(make_features, examples):
    windows = [
        {
            **row, "window": number, "tokens": 8,
            "spans": [] if number or row["method"] == "hard_passage" else [(4, 5)],
        }
        for row in examples.drop(columns="part").to_dict("records")
        for number in (0, 1)
    ]  # fmt: skip
    return make_features(*windows)


def ids(features):
    return set(features.table["row_id"].to_pylist())


@pytest.mark.parametrize(
    ("strategy", "held_out", "learnt", "judged"),
    [
        # t9 could not be made an example of.
        ("group", [(0, "t1"), (1, "t2"), (1, "t9")], {"t1", "t1+flip", "t1+hard"}, {"t2"}),
        ("holdout", [(1, "t1")], {"t2", "t2+flip", "t2+hard"}, {"t1"}),
        ("validation", [(1, "v1")], TRAINING_ROWS, {"v1"}),
        ("all", [], {row_id for row_id, *_ in EXAMPLES}, set()),
    ],
)
def test_parts_by_strategy(features, examples, strategy, held_out, learnt, judged):
    members = pd.DataFrame(held_out, columns=["fold", "row_id"])
    found = split_windows(features, examples, members, 1, strategy)
    assert ids(found.training) == learnt
    assert ids(found.validation) == judged
    assert len(found.training) == 2 * len(learnt)


@pytest.mark.parametrize(
    ("strategy", "held_out", "said"),
    [
        ("group", ["t1", "t2"], "0 windows to learn from.*odqa.folds"),
        ("validation", ["v2"], "holds out questions with 0 windows.*odqa_tokenize"),
    ],
)
def test_a_fold_with_nothing_is_refused(features, examples, strategy, held_out, said):
    members = pd.DataFrame({"fold": 1, "row_id": held_out})
    with pytest.raises(ValueError, match=said):
        split_windows(features, examples, members, 1, strategy)


@pytest.fixture
def many(make_features):
    without = [(f"q{number}", window, []) for number in range(200) for window in (0, 1)]
    answered = [(f"q{number}", 2, [(3, 4)]) for number in range(50)]
    return make_features(
        *(
            {"row_id": row_id, "window": window, "tokens": 6, "spans": spans}
            for row_id, window, spans in without + answered
        )
    )


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 0), (0.25, 70, 130), (1, 400, 400)])
def test_a_share_of_the_windows_without_an_answer_stays(many, share, least, most):
    stays = draw_windows(many, share, seed=1).table["has_answer"].to_pylist()
    assert sum(stays) == 50
    assert least <= len(stays) - 50 <= most


def test_which_stay_depends_on_seed_and_window_alone(many):
    def drawn(features, seed):
        table = draw_windows(features, 0.5, seed).table
        return set(zip(table["row_id"].to_pylist(), table["window"].to_pylist(), strict=True))

    last_half = drawn(many.select(range(200, 400)), seed=1)
    assert last_half == {pair for pair in drawn(many, seed=1) if int(pair[0][1:]) >= 100}
    assert {window for _, window in last_half} == {0, 1}
    assert drawn(many, seed=1) != drawn(many, seed=2)
