"""What a new row must fulfil: intact spans, a legal label, nothing of a validation row, room."""

from dataclasses import replace

import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.relation.augmentation.guards import (
    LEAKS,
    OVER_LIMIT,
    REPEATS,
    Limits,
    RowGuard,
)
from klue_pipeline.relation.augmentation.rows.example import Example
from klue_pipeline.relation.ingest.entities import Entity

LABELS = LabelSet(names=["no_relation", "per:spouse"], negative="no_relation")


def example(row_id, subject, object_, fold_key, middle="과 "):
    sentence = f"{subject}{middle}{object_}의 집"
    start = len(subject) + len(middle)
    return Example(
        row_id=row_id,
        sentence=sentence,
        subject=Entity(subject, 0, len(subject), "PER"),
        object=Entity(object_, start, start + len(object_), "PER"),
        label="per:spouse",
        fold_key=fold_key,
    )


FIRST = example("a", "윤가람", "이도윤", (0,))
SECOND = example("b", "강하준", "최나래", (1,))
FREE = example("c", "오세라", "문지호", ())


@pytest.fixture
def guard():
    return RowGuard([FIRST, SECOND, FREE], LABELS)


def test_new_text_of_the_own_pair_passes(guard):
    assert guard.find_problem(replace(FIRST, sentence=FIRST.sentence + "!"), repeats=False) is None


def test_a_copy_is_refused_unless_it_is_wanted(guard):
    assert guard.find_problem(FIRST, repeats=False) == REPEATS
    assert guard.find_problem(FIRST, repeats=True) is None


def test_the_same_input_with_another_label_is_refused_too(guard):
    assert guard.find_problem(replace(FIRST, label="no_relation"), repeats=False) == REPEATS


def test_what_was_added_counts_as_there(guard):
    new = replace(FIRST, sentence=FIRST.sentence + "!")
    guard.remember(new)
    assert guard.find_problem(new, repeats=False) == REPEATS


def test_a_pair_that_validates_where_the_row_would_train_is_refused(guard):
    # Made from "a", which trains in fold 1, where the pair of "b" validates.
    stolen = replace(example("a", "강하준", "최나래", (0,), "하고 "), label="no_relation")
    assert guard.find_problem(stolen, repeats=False) == LEAKS
    turned = replace(stolen, subject=stolen.object, object=stolen.subject)
    assert guard.find_problem(turned, repeats=False) == LEAKS


def test_a_sentence_that_validates_where_the_row_would_train_is_refused(guard):
    place = SECOND.sentence.index("집")
    house = Entity("집", place, place + 1, "LOC")
    stolen = replace(SECOND, row_id="a", object=house, fold_key=(0,))
    assert guard.find_problem(stolen, repeats=False) == LEAKS


def test_a_pair_that_validates_nowhere_else_is_free(guard):
    borrowed = example("a", "오세라", "문지호", (0,), "하고 ")
    assert guard.find_problem(borrowed, repeats=False) is None


def test_a_row_that_validates_nowhere_trains_everywhere_and_may_borrow_nothing(guard):
    borrowed = example("c", "윤가람", "이도윤", (), "하고 ")
    assert guard.find_problem(borrowed, repeats=False) == LEAKS


def test_a_split_that_shares_the_pair_already_does_not_forbid_it():
    twin = example("d", "윤가람", "이도윤", (1,), "이랑 ")
    guard = RowGuard([FIRST, twin], LABELS)
    assert guard.find_problem(replace(FIRST, sentence=FIRST.sentence + "!"), repeats=False) is None


def test_broken_spans_and_foreign_labels_are_errors(guard):
    shifted = replace(FIRST, sentence="!" + FIRST.sentence)
    with pytest.raises(ValueError, match="wanted '윤가람' at 0 to 3, found '!윤가'"):
        guard.find_problem(shifted, repeats=False)
    overlapping = replace(FIRST, object=replace(FIRST.subject, type="LOC"))
    with pytest.raises(ValueError, match="overlap"):
        guard.find_problem(overlapping, repeats=False)
    with pytest.raises(ValueError, match="unknown label 'per:frend'"):
        guard.find_problem(replace(FIRST, label="per:frend"), repeats=False)


@pytest.mark.parametrize(
    ("limits", "added", "full", "problem"),
    [
        (Limits(None, None), 3, False, None),
        (Limits(2, None), 1, False, None),
        (Limits(2, None), 2, True, OVER_LIMIT),
        (Limits(None, 1), 1, False, OVER_LIMIT),
    ],
)
def test_limits_of_all_rows_and_of_those_of_a_label(limits, added, full, problem):
    for _ in range(added):
        limits.count(FIRST)
    assert (limits.is_full(), limits.find_problem(FIRST)) == (full, problem)
    assert limits.find_problem(replace(FIRST, label="no_relation")) == (problem if full else None)
