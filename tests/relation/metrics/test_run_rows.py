"""What the tables of a run say of scores: their true labels, and what they are recognised by."""

import numpy as np
import pandas as pd
import pytest

from klue_pipeline.evaluation.labels import LabelSet
from klue_pipeline.evaluation.scores import ScoreTable
from klue_pipeline.relation.metrics.run_rows import RunRows
from klue_pipeline.relation.splits.fingerprints import (
    folds_fingerprint,
    rows_fingerprint,
    test_rows_fingerprint,
)


@pytest.fixture
def run(small_sentences):
    members = pd.DataFrame({"fold": np.arange(24) % 3, "row_id": small_sentences["row_id"]})
    labels = LabelSet(names=sorted(set(small_sentences["label"])), negative="no_relation")
    return RunRows(small_sentences, members, small_sentences.head(5), labels)


def test_scores_are_recognised_by_rows_folds_and_test_rows(run):
    assert run.provenance.labels == tuple(run.labels.names)
    assert run.provenance.fingerprint == {
        "rows": rows_fingerprint(run.sentences),
        "folds": folds_fingerprint(run.fold_members),
        "test_rows": test_rows_fingerprint(run.test_sentences),
    }
    ids = run.sentences["row_id"].tolist()
    assert run.provenance.held_out.tolist() == [(row % 3, ids[row]) for row in range(24)]
    assert run.held_out(1) == ids[1::3]
    assert run.test_row_ids == ids[:5]


def test_true_labels_are_looked_up_by_row_id(run):
    rows, names = run.sentences.iloc[[3, 1]], run.labels.names
    logits = np.zeros((2, len(names)), dtype=np.float32)
    table = ScoreTable(rows["row_id"].to_numpy(dtype=object), logits, tuple(names))
    labelled = run.label(table)
    assert [names[label_id] for label_id in labelled.truth] == rows["label"].tolist()
    assert labelled.negative_id == names.index("no_relation")
    assert labelled.table is table
