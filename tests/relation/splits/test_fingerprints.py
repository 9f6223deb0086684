"""Which changes of a table make other scores, and which do not."""

import pandas as pd
import pytest

from klue_pipeline.relation.splits import fingerprints

COLUMNS_THAT_COUNT = [
    "row_id",
    "sentence",
    "subject_start",
    "subject_end",
    "subject_type",
    "object_start",
    "object_end",
    "object_type",
]


def changed(sentences, column):
    other = sentences.copy()
    value = other.loc[3, column]
    other.loc[3, column] = f"{value}x" if isinstance(value, str) else value + 1
    return other


@pytest.mark.parametrize("column", COLUMNS_THAT_COUNT)
def test_every_input_column_counts(small_sentences, column):
    other = changed(small_sentences, column)
    for fingerprint in (fingerprints.rows_fingerprint, fingerprints.test_rows_fingerprint):
        assert fingerprint(small_sentences) != fingerprint(other)


def test_labels_count_for_training_rows_only(small_sentences):
    other = changed(small_sentences, "label")
    hidden = small_sentences.assign(label=None)
    assert fingerprints.rows_fingerprint(small_sentences) != fingerprints.rows_fingerprint(other)
    assert fingerprints.test_rows_fingerprint(hidden) == fingerprints.test_rows_fingerprint(other)


def test_columns_that_no_model_reads_do_not_count(small_sentences):
    other = small_sentences.assign(source="elsewhere", given_fold=1)
    assert fingerprints.rows_fingerprint(small_sentences) == fingerprints.rows_fingerprint(other)


def test_fold_members_are_recognised_by_fold_and_row():
    members = pd.DataFrame({"fold": [0, 1], "row_id": ["a", "b"]})
    swapped = members.assign(fold=[1, 0])
    wider = members.assign(note="x")
    assert fingerprints.folds_fingerprint(members) != fingerprints.folds_fingerprint(swapped)
    assert fingerprints.folds_fingerprint(members) == fingerprints.folds_fingerprint(wider)
