"""Runs as tables: ranks from 1 without gaps, ties in order."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from klue_pipeline.odqa.ingest.schema import Run
from klue_pipeline.odqa.passages.run_table import best_passages, make_run, rank_run


@given(
    arrays(np.float32, st.integers(1, 20), elements=st.sampled_from([0, 0.5, 1, 2])),
    st.integers(1, 25),
)
def test_best_passages_are_the_head_of_a_stable_sort(scores, top_k):
    wanted = [place for place in np.argsort(-scores, kind="stable") if scores[place] > 0][:top_k]
    places, found = best_passages(scores, top_k)
    assert places.tolist() == wanted
    assert found.tolist() == scores[wanted].tolist()


def test_rows_are_numbered_within_their_question():
    found = [(np.array([2, 0]), np.array([3.0, 1.0])), (np.array([], int), np.array([]))]
    run = make_run(["q0", "q1"], found, ["a", "b", "c"])
    assert Run.validate(run).to_numpy().tolist() == [["q0", "c", 1, 3.0], ["q0", "a", 2, 1.0]]


def test_ranking_anew_keeps_the_order_of_equal_scores():
    rows = pd.DataFrame(
        {
            "question_id": ["b", "a", "b", "b", "a"],
            "passage_id": ["1", "2", "3", "4", "5"],
            "score": [0.5, 1.0, 0.5, 0.9, -1.0],
        }
    )
    assert rank_run(rows, 2).to_numpy().tolist() == [
        ["b", "4", 1, 0.9], ["b", "1", 2, 0.5], ["a", "2", 1, 1.0], ["a", "5", 2, -1.0],
    ]  # fmt: skip
    assert rank_run(rows.iloc[:0]).empty
