"""What a blend looks up in its rows and labels."""

import dataclasses

import numpy as np
import pytest

from klue_pipeline.evaluation.labels import LabelSet

ZEROS = np.zeros((2, 4))


def test_true_labels_are_found_by_row_id(small_task, make_table):
    task = small_task.task
    scores = make_table(["r7", "r3"], ZEROS, [0, 0])
    assert task.gold_ids(scores).tolist() == small_task.gold[[7, 3]].tolist()
    assert task.gold["r7"] == task.labels.names[small_task.gold[7]]


def test_a_row_that_is_not_there_is_named(small_task, make_table):
    with pytest.raises(ValueError, match=r"no true label of the label set, among them .'x9'"):
        small_task.task.gold_ids(make_table(["r1", "x9"], ZEROS, [0, 0]))


@pytest.mark.parametrize(("negative", "wanted"), [("per:title", 1), (None, None)])
def test_the_negative_label_is_a_place_or_none(negative, wanted, small_task):
    labels = LabelSet(names=small_task.task.labels.names, negative=negative)
    assert dataclasses.replace(small_task.task, labels=labels).negative_id == wanted
