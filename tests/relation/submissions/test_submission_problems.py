"""What is found wrong with a submission: all of it, and in which row."""

import re

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klue_pipeline.relation.submissions.submission_problems import (
    ROUNDED_SUM_TOLERANCE,
    Problem,
    find_problems,
)

NAMES = ["no_relation", "per:title", "org:members"]
ROW_IDS = ["a", "b", "c", "d"]
PROBS = ["[0.5, 0.3, 0.2]", "[0.1, 0.8, 0.1]", "[0.2, 0.2, 0.6]", "[0.9, 0.1, 0]"]
LABELS = [NAMES[0], NAMES[1], NAMES[2], NAMES[0]]


def make(ids=ROW_IDS, labels=LABELS, probs=PROBS):
    return pd.DataFrame({"id": ids, "pred_label": labels, "probs": probs})


def say(problems):
    return [problem.at(f"row {problem.row}") for problem in problems]


def check(submission, **options):
    return say(find_problems(submission, ROW_IDS, NAMES, **options))


def test_nothing_is_wrong_with_a_good_one():
    assert find_problems(make(), ROW_IDS, NAMES) == []
    assert find_problems(make()) == []


def test_all_problems_are_found_at_once():
    bad = make(
        ids=["a", "b", "c", "d"],
        labels=["per:job", NAMES[0], NAMES[2], NAMES[1]],
        probs=["[nan, 0, 1]", "[0.1, 0.8, 0.1]", "[0.2, 0.2, 0.7]", "[0.9, 0.1]"],
    )
    assert check(bad) == [
        "row 0 (id a): probs must be a list of 3 numbers as text; found '[nan, 0, 1]' "
        "(NaN is no probability: a score was not finite).",
        "row 3 (id d): probs must be a list of 3 numbers as text; found 2, '[0.9, 0.1]'.",
        "row 2 (id c): probs must lie in 0 to 1 and sum to 1; found 0.2 to 0.7 with sum 1.1.",
        "row 0 (id a): unknown label 'per:job'.",
        "row 1 (id b): pred_label is 'no_relation', but the largest of probs belongs to "
        "'per:title'; are the probs in label order?",
    ]


@pytest.mark.parametrize(
    ("ids", "wanted"),
    [
        (
            list("abdc"),
            ["row 2 has id 'd'; the test file has 'c' there. Keep the rows in file order."],
        ),
        (
            list("cabd"),
            ["row 0 has id 'c'; the test file has 'a' there. Keep the rows in file order."],
        ),
        (
            list("abca"),
            [
                "No line for 1 of 4 test rows: 'd'.",
                "Every id stands once in a submission; 'a' is repeated.",
                "row 3 repeats the id 'a'.",
            ],
        ),
        (
            list("axcd"),
            [
                "No line for 1 of 4 test rows: 'b'.",
                "row 1 has id 'x', which no test row has.",
            ],
        ),
    ],
)
def test_ids_are_compared_with_those_of_the_test_rows(ids, wanted):
    labels_agree = make(ids, [NAMES[0]] * 4, [PROBS[0]] * 4)
    assert check(labels_agree) == wanted


def test_a_missing_row_does_not_make_all_later_ones_misplaced():
    short = make().iloc[[0, 2, 3]]
    assert check(short) == [
        "A submission has one row per test row: 4; found 3 rows.",
        "No line for 1 of 4 test rows: 'b'.",
    ]


def test_of_many_missing_ids_the_first_are_named():
    wanted = [*ROW_IDS, *map(str, range(2000))]
    problems = say(find_problems(make(), wanted, NAMES))
    assert (
        problems[1]
        == "No line for 2,000 of 2,004 test rows: '0', '1', '2', '3', '4' and 1,995 more."
    )


def test_ids_need_not_be_known_to_repeat():
    assert say(find_problems(make(ids=list("abab")))) == [
        "Every id stands once in a submission; 'a' is repeated.",
        "row 2 repeats the id 'a'.",
        "row 3 repeats the id 'b'.",
    ]


@pytest.mark.parametrize("columns", [["probs", "pred_label", "id"], ["id", "pred_label"], []])
def test_with_other_columns_nothing_else_is_looked_at(columns):
    [problem] = find_problems(make()[columns], ROW_IDS, NAMES)
    assert problem == Problem(
        None,
        f"A submission has the columns ['id', 'pred_label', 'probs']; found {columns}.",
    )


def test_a_submission_without_rows_is_none():
    assert say(find_problems(make().head(0))) == [
        "A submission has one row per test row; found no rows."
    ]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("[0.5, inf, 0.5]", "infinity is no probability"),
        ("[np.float64(0.5), np.float64(0.5), np.float64(0.0)]", r"array\.tolist\(\)"),
        ("tensor([0.5, 0.5, 0.0])", r"tensor\.tolist\(\)"),
        ("[0.1 0.2 ... 0.7]", "leaves numbers out"),
    ],
)
def test_what_libraries_print_is_recognised(text, hint):
    [message] = check(make(probs=[text, *PROBS[1:]]))
    assert message.startswith("row 0 (id a): probs must be a list of 3 numbers as text; found ")
    assert re.search(hint, message)


@pytest.mark.parametrize(
    "text",
    [
        "",
        None,
        "[0.1, 0.2",
        "[0.5, 0.5, '0']",
        "0.5",
        "(0.5, 0.5, 0)",
        "[0.5, 0.5, True]",
        "[0.5, 0.5, [0]]",
        "[0.5, 0.5, None]",
        "[0.5, 0.5, 1j]",
        "[" * 5000,
        f"[1{'0' * 400}, 0, 0]",
        "__import__('os').getpid()",
        "[0.5, 0.5, 0]; 1",
        "[0.5, 0.5, 0\x00]",
    ],
)
def test_what_is_no_list_of_numbers_is_told_and_never_run(text):
    [message] = check(make(probs=[text, *PROBS[1:]]))
    assert "probs must be a list of 3 numbers as text; found " in message
    assert len(message) < 250


def test_the_sum_may_be_as_far_off_as_allowed():
    rounded = make(probs=["[0.5, 0.3, 0.2005]", *PROBS[1:]])
    assert len(check(rounded)) == 1
    assert check(rounded, sum_tolerance=ROUNDED_SUM_TOLERANCE) == []


@pytest.mark.parametrize(
    "text",
    ["[1e999, 0, 0]", "[1e999, -1e999, 0]", "[1e308, 1e308, 0]", "[1.5, -0.5, 0]", "[0.8, 0, 0]"],
)
def test_what_is_no_probability_is_told_even_where_sums_overflow(text):
    messages = check(make(probs=[text, *PROBS[1:]]))
    assert any("probs must lie in 0 to 1 and sum to 1" in message for message in messages)


def test_a_label_that_ties_with_the_largest_is_right_where_labels_are_known():
    tied = make(labels=[NAMES[1], *LABELS[1:]], probs=["[0.4, 0.4, 0.2]", *PROBS[1:]])
    assert check(tied) == []
    third = make(labels=[NAMES[2], *LABELS[1:]], probs=["[0.4, 0.4, 0.2]", *PROBS[1:]])
    assert len(check(third)) == 1


def test_without_labels_most_rows_decide_and_not_the_first():
    bad = make(
        labels=["x", "A", "A", "A"],
        probs=["[0.6, 0.4]", "[0.6, 0.4]", "[0.9, 0.1]", "[1.0]"],
    )
    assert say(find_problems(bad)) == [
        "row 3 (id d): probs must be a list of 2 numbers as text; found 1, '[1.0]'.",
        "row 0 (id a): pred_label is 'x', but the largest of probs belongs to 'A'; are the probs "
        "in label order?",
    ]


def test_lengths_are_not_guessed_where_no_row_has_a_list():
    messages = say(find_problems(make(probs=["?"] * 4)))
    assert [message.split(": ", 1)[1] for message in messages] == [
        "probs must be a list of numbers as text; found '?'."
    ] * 4


@given(st.permutations(range(6)), st.integers(0, 5))
@settings(max_examples=60, deadline=None)
def test_rows_in_any_order_are_misplaced_from_the_first_difference_on(order, n_kept):
    wanted = [str(row) for row in range(6)]
    found = [wanted[row] for row in order[:n_kept]]
    problems = find_problems(make(found, [NAMES[0]] * n_kept, [PROBS[0]] * n_kept), wanted, NAMES)
    misplaced = [problem.row for problem in problems if "file order" in problem.message]
    differing = [row for row in range(n_kept) if found[row] != sorted(found)[row]]
    assert misplaced == differing[:1]
