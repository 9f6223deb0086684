"""Legality by count in the right rows, and what a mask does to scores."""

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.decoding import legal_for_test, legal_out_of_fold, mask_illegal

NAMES = ["no_relation", "per:title", "per:spouse", "org:members"]
LABELS = LabelSet(names=NAMES, negative="no_relation")


def score(row_ids, folds=None, logits=None):
    folds = None if folds is None else np.array(folds, dtype=np.int64)
    logits = np.zeros((len(row_ids), 4)) if logits is None else np.array(logits)
    return ScoreTable(
        np.array(row_ids, dtype=object), logits.astype(np.float32), tuple(NAMES), folds
    )


def table(rows):
    """Rows of type pair and label."""
    ids = [f"r{row}" for row in range(len(rows))]
    pairs, labels = zip(*rows, strict=True)
    return pd.DataFrame({"row_id": ids, "type_pair": pairs, "label": labels})


def legal_test_labels(rows, type_pair, min_count, labels=LABELS):
    test = pd.DataFrame({"row_id": ["t"], "type_pair": [type_pair]})
    (found,) = legal_for_test(score(["t"]), test, table(rows), labels, min_count)
    return [name for name, is_legal in zip(NAMES, found, strict=True) if is_legal]


ROWS = [
    *[("PER:PER", "per:spouse")] * 3,
    *[("PER:PER", "per:title")] * 2,
    *[("PER:POH", "per:title")] * 4,
    *[("ORG:DAT", "no_relation")] * 9,
    ("ORG:DAT", "org:members"),
    ("ORG:ORG", "org:members"),
    ("ORG:ORG", "no_relation"),
]


@pytest.mark.parametrize(
    ("type_pair", "min_count", "wanted"),
    [
        ("PER:PER", 1, ["no_relation", "per:title", "per:spouse"]),
        ("PER:PER", 3, ["no_relation", "per:spouse"]),
        ("PER:POH", 3, ["no_relation", "per:title"]),
        # Nine rows without a relation say enough about the one that has one.
        ("ORG:DAT", 3, ["no_relation"]),
        # Two rows say nothing, and neither does a pair that training lacks.
        ("ORG:ORG", 3, NAMES),
        ("LOC:LOC", 1, NAMES),
        ("PER:PER", 4, NAMES),
    ],
)
def test_labels_are_legal_by_count(type_pair, min_count, wanted):
    assert legal_test_labels(ROWS, type_pair, min_count) == wanted


def test_without_a_negative_label_only_counts_decide():
    labels = LabelSet(names=NAMES, negative=None)
    assert legal_test_labels(ROWS, "PER:POH", 3, labels) == ["per:title"]
    assert legal_test_labels(ROWS, "LOC:LOC", 3, labels) == NAMES


def test_test_rows_are_found_by_their_id():
    test = pd.DataFrame({"row_id": ["t0", "t1"], "type_pair": ["PER:POH", "LOC:LOC"]}, [5, 5])
    found = legal_for_test(score(["t1", "t0", "t1"]), test, table(ROWS), LABELS, 3)
    assert found.tolist() == [[True] * 4, [True, True, False, False], [True] * 4]


def test_a_fold_counts_its_own_training_part():
    """The two rows that make per:title legal are both held out by fold 0."""
    rows = table([*[("PER:PER", "per:spouse")] * 4, *[("PER:PER", "per:title")] * 2])
    members = pd.DataFrame({"fold": [0, 0, 1, 1], "row_id": ["r4", "r5", "r0", "r5"]})
    scores = score(["r0", "r4", "r5", "r5"], [1, 0, 0, 1])
    found = legal_out_of_fold(scores, rows, members, LABELS, min_count=1)
    only_spouse, both = [True, False, True, False], [True, True, True, False]
    assert found.tolist() == [both, only_spouse, only_spouse, both]
    stricter = legal_out_of_fold(scores, rows, members, LABELS, min_count=2)
    assert stricter.tolist() == [only_spouse] * 4


def test_folds_are_counted_as_a_loop_would():
    generator = np.random.default_rng(0)
    pairs = generator.choice(["A:B", "A:C", "D:B"], 90, p=[0.6, 0.3, 0.1])
    rows = table(
        list(zip(pairs, generator.choice(NAMES, 90, p=[0.5, 0.3, 0.15, 0.05]), strict=True))
    )
    held_out = {fold: generator.random(90) < 0.4 for fold in (1, 2, 6)}
    parts = [
        pd.DataFrame({"fold": k, "row_id": rows["row_id"][own]}) for k, own in held_out.items()
    ]
    members = pd.concat(parts)
    found = legal_out_of_fold(score(members["row_id"], members["fold"]), rows, members, LABELS, 4)
    for (fold, row_id), legal in zip(members.itertuples(index=False), found, strict=True):
        training = rows[~held_out[fold]]
        own = training[training["type_pair"] == rows.set_index("row_id")["type_pair"][row_id]]
        counts = np.array([(own["label"] == name).sum() for name in NAMES])
        wanted = counts >= 4 if (counts >= 4).any() else np.ones(4, dtype=bool)
        wanted[0] = True
        assert legal.tolist() == wanted.tolist()
    assert 0 < found[:, 1:].mean() < 1


def test_illegal_labels_lose_all_probability_and_the_others_share_it():
    scores = score(["a", "b"], logits=[[0, 5, 1, 1], [0, 1, 2, 3]])
    legal = np.array([[True, False, True, True], [True] * 4])
    masked = mask_illegal(scores, legal)
    assert masked.logits.dtype == np.float32
    assert masked.logits.tolist() == [[0, -np.inf, 1, 1], [0, 1, 2, 3]]
    assert masked.probabilities[0, 1] == 0
    np.testing.assert_allclose(masked.probabilities.sum(axis=1), 1)
    assert masked.predictions.tolist() == ["per:spouse", "org:members"]
    assert scores.logits[0, 1] == 5


def test_a_row_that_would_lose_every_label_keeps_its_scores(caplog):
    scores = score(["a", "b"], logits=[[-np.inf, 2, 1, 0], [0, 1, 2, 3]])
    legal = np.array([[True, False, False, False]] * 2)
    with caplog.at_level(logging.WARNING):
        masked = mask_illegal(scores, legal)
    assert masked.logits.tolist() == [[-np.inf, 2, 1, 0], [0] + [-np.inf] * 3]
    assert "1 of 2 rows are not masked" in caplog.text


def test_bad_input_is_refused():
    rows, members = table(ROWS), pd.DataFrame({"fold": [0], "row_id": ["r0"]})
    scores = score(["r0"], [0])
    with pytest.raises(ValueError, match="min_count=0"):
        legal_out_of_fold(scores, rows, members, LABELS, 0)
    with pytest.raises(ValueError, match="without folds"):
        legal_out_of_fold(replace(scores, folds=None), rows, members, LABELS, 1)
    with pytest.raises(ValueError, match="scored by fold 1"):
        legal_out_of_fold(score(["r0"], [1]), rows, members, LABELS, 1)
    with pytest.raises(ValueError, match=r"1 training row without a label .*'x'"):
        legal_out_of_fold(scores, pd.concat([rows, table([("A:B", "x")])]), members, LABELS, 1)
    with pytest.raises(ValueError, match="outside the table of rows"):
        legal_for_test(scores, rows[1:], rows, LABELS, 1)
    with pytest.raises(ValueError, match=r"marks of shape \(1, 3\)"):
        mask_illegal(scores, np.ones((1, 3), dtype=bool))
    with pytest.raises(ValueError, match="not numbers"):
        mask_illegal(score(["r0"], logits=[[np.nan, 0, 0, 0]]), np.ones((1, 4), dtype=bool))
