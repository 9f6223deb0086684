"""Wrong labels on purpose: how many, which, and that they can be found again."""

from collections import Counter

import pandas as pd
import pytest

N_ROWS = 4000
NAMES = ["no_relation", "a", "b", "per:title"]


@pytest.fixture
def rows(as_rows):
    one = as_rows(["[[이순신]]은 <<수군>>을 이끌었다."])
    many = pd.concat([one] * N_ROWS, ignore_index=True)
    ids = pd.Series([f"{number}" for number in range(N_ROWS)], dtype="str")
    labels = pd.Series([NAMES[number % 2] for number in range(N_ROWS)], dtype="str")
    return many.assign(row_id=ids, label=labels)


@pytest.fixture
def flip(run, clean_params):
    def clean(rows, share=0.2, seed=1):
        params = clean_params("flip_labels", flip_labels={"share": share, "seed": seed})
        return run(rows, params)

    return clean


def test_about_the_share_gets_another_label_each_as_likely(rows, flip):
    result = flip(rows)
    changed = result.changed_rows
    # 800 of 4,000 are expected; five standard deviations are 126.
    assert abs(len(changed) - 800) < 126
    assert result.report["rules"][0]["flipped"] == len(changed)
    assert (changed["before"] != changed["after"]).all()
    for former in ("no_relation", "a"):
        new = Counter(changed.query("before == @former")["after"])
        assert set(new) == set(NAMES) - {former}
        assert max(new.values()) - min(new.values()) < 85  # of about 133, five standard deviations
    true = rows.set_index("row_id")["label"]
    assert changed["before"].tolist() == true[changed["row_id"]].tolist()


def test_a_row_fares_the_same_among_any_others(rows, flip):
    whole = flip(rows).tables.train.set_index("row_id")["label"]
    part = rows.sample(500, random_state=3).reset_index(drop=True)
    found = flip(part).tables.train.set_index("row_id")["label"]
    assert found.tolist() == whole[found.index].tolist()


def test_another_seed_flips_others_and_a_larger_share_flips_more_of_the_same(rows, flip):
    flipped = [set(flip(rows, share, seed).changed_rows["row_id"]) for share, seed in
               ((0.2, 1), (0.2, 2), (0.3, 1))]  # fmt: skip
    assert flipped[0] != flipped[1]
    assert flipped[0] < flipped[2]


def test_it_is_said_aloud(rows, flip, caplog):
    flip(rows.head(50))
    assert "labels were made WRONG on purpose" in caplog.text
