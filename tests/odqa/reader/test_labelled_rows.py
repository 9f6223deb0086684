"""Windows as batches: which tokens may be answers, and where the gold spans are."""

import dataclasses

import numpy as np
import pytest

from klue_pipeline.odqa.reader.labelled_rows import labelled_rows


@pytest.fixture
def features(make_features):
    return make_features(
        {"row_id": "a", "tokens": 8, "owned": (3, 5), "spans": [(5, 7), (3, 4), (4, 5)]},
        {"row_id": "b", "tokens": 6},
        {"row_id": "c", "tokens": 7, "spans": [(3, 6)]},
    )


@pytest.mark.parametrize(
    ("gold_spans", "starts", "lasts"),
    [
        ("first", [[5], [0], [3]], [[6], [0], [5]]),
        (
            "all",
            [[5, 3, 4], [0, -1, -1], [3, -1, -1]],
            [[6, 3, 4], [0, -1, -1], [5, -1, -1]],
        ),
    ],
)
def test_gold_spans_stand_side_by_side(features, gold_spans, starts, lasts):
    rows = labelled_rows(features, 0, gold_spans)
    assert rows.columns["gold_starts"].tolist() == starts
    assert rows.columns["gold_lasts"].tolist() == lasts
    # The rows of a part of the windows are those of the whole.
    part = labelled_rows(features.select([2]), 0, gold_spans)
    assert part.input_ids.tolist() == rows.input_ids[14:].tolist()
    assert part.columns["gold_starts"].tolist() == [starts[2][:1]]


def test_tokens_of_question_and_padding_are_no_candidates(features):
    columns = labelled_rows(features, 0, "first").columns
    found = {name: columns[name].astype(int) for name in ("candidates", "may_start", "may_end")}
    assert found["candidates"].tolist() == [
        [1, 0, 0, 1, 1, 1, 1, 0],
        [1, 0, 0, 1, 1, 0, 0, 0],
        [1, 0, 0, 1, 1, 1, 0, 0],
    ]
    assert found["may_end"][:, 1:].tolist() == found["candidates"][:, 1:].tolist()
    assert found["may_start"][0].tolist() == [0, 0, 0, 1, 1, 0, 0, 0]  # those that it owns
    assert not found["may_start"][:, 0].any()
    assert not found["may_end"][:, 0].any()


def test_a_gold_token_without_characters_is_a_candidate(features):
    """Else its window's loss would be infinite."""
    place = features.table.schema.get_field_index("end_chars")
    bare = features.table.set_column(place, "end_chars", features.table["start_chars"])
    rows = labelled_rows(dataclasses.replace(features, table=bare), 0, "first")
    assert np.argwhere(rows.columns["candidates"]).tolist() == [
        [0, 0], [0, 5], [0, 6], [1, 0], [2, 0], [2, 3], [2, 5],
    ]  # fmt: skip
