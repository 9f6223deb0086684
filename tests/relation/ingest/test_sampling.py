import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from klue_pipeline.relation.ingest.sampling import sample_rows, share_seats


def rows(counts: dict[str, int]) -> pd.DataFrame:
    labels = [label for label, n_rows in counts.items() for _ in range(n_rows)]
    order = np.random.default_rng(0).permutation(len(labels))
    shuffled = [labels[place] for place in order]
    return pd.DataFrame({"row_id": [str(n) for n in range(len(labels))], "label": shuffled})


@given(st.lists(st.integers(1, 500), min_size=1, max_size=40), st.data())
def test_seats_add_up_and_follow_the_shares(counts, data):
    counts = np.array(counts)
    n_seats = data.draw(st.integers(1, int(counts.sum())))
    seats = share_seats(counts, n_seats)
    assert seats.sum() == n_seats
    assert (seats <= counts).all()
    assert (seats >= (1 if n_seats >= len(counts) else 0)).all()
    exact = counts * n_seats / counts.sum()
    if (exact >= 1).all():
        assert (np.abs(seats - exact) < 1).all()


def test_shares_are_kept_and_so_is_the_order_of_the_file():
    part = sample_rows(rows({"없음": 60, "배우자": 30, "나이": 9, "종교": 1}), 10, seed=1)
    assert part["label"].value_counts().to_dict() == {"없음": 5, "배우자": 3, "나이": 1, "종교": 1}
    numbers = part["row_id"].astype(int)
    assert numbers.is_monotonic_increasing
    assert numbers.is_unique
    assert part.index.tolist() == list(range(10))


def test_the_seed_decides():
    table = rows({"없음": 60, "배우자": 40})
    first, again, other = (sample_rows(table, 20, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert first["row_id"].tolist() != other["row_id"].tolist()


@pytest.mark.parametrize("max_rows", [None, 100, 101])
def test_nothing_to_leave_out(max_rows):
    table = rows({"없음": 60, "배우자": 40})
    assert sample_rows(table, max_rows, seed=1) is table
