"""Length tables against numpy."""

import numpy as np
import pandas as pd

from klue_pipeline.relation.exploration.lengths import tabulate_lengths, windowed_shares

ROWS = pd.DataFrame(
    {
        "split": ["train"] * 4 + ["test"],
        "characters": [10, 20, 30, 90, 7],
        "tokens": [5, 6, 7, 8, 6],
    }
)


def test_summary_of_each_file_and_unit():
    table = tabulate_lengths(ROWS).set_index(["split", "unit"])
    assert len(table) == 4
    train = table.loc[("train", "characters")]
    assert train[["rows", "shortest", "mean", "median", "longest"]].tolist() == [
        4,
        10,
        37.5,
        25,
        90,
    ]
    assert train["quantile_95"] == np.quantile([10, 20, 30, 90], 0.95)
    assert table.loc[("test", "tokens"), "median"] == 6


def test_a_row_of_exactly_the_limit_is_not_windowed():
    shares = windowed_shares(ROWS, [8, 6, 4, 6])
    assert shares == {
        "4": {"train": 1.0, "test": 1.0},
        "6": {"train": 0.5, "test": 0.0},
        "8": {"train": 0.0, "test": 0.0},
    }
