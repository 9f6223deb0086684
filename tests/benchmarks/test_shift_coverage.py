"""Natural shifts divide rows as they say, and intervals are counted by hand."""

import numpy as np
import pandas as pd
import pytest
from benchmarks.natural_shifts import CHOSEN_ON, NEGATIVE, SHIFTS, read_rows, split_rows
from benchmarks.shift_coverage import Outcome, describe, holds

from klue_pipeline.evaluation.intervals import Estimate
from klue_pipeline.relation.metrics.resampled_metrics import METRICS

WORDS = ("김하늘", "한강", "서울시립대학교", "이순신장군", "수군통제사")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """A contest file of all kinds of rows, read as the benchmark reads it."""
    generator = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("shifts") / "train.csv"
    lines = [_make_line(number, generator) for number in range(600)]
    pd.DataFrame(lines).to_csv(path, index=False)
    return read_rows(path)


def _make_line(number, generator):
    words = generator.choice(WORDS, 2) if number % 3 else [f"사람{number}", f"단체{number}"]
    types = generator.choice(["PER", "ORG"]), generator.choice(["PER", "ORG", "LOC"])
    entities = [
        str({"word": str(word), "start_idx": 0, "end_idx": 1, "type": str(kind)})
        for word, kind in zip(words, types, strict=True)
    ]
    return {
        "id": number,
        "sentence": "가" * int(generator.integers(40, 160)),
        "subject_entity": entities[0],
        "object_entity": entities[1],
        "label": generator.choice([NEGATIVE, "per:title", "org:members"]),
        "source": generator.choice(["wikipedia", "wikitree"]),
    }


@pytest.mark.parametrize("shift", SHIFTS)
def test_both_sides_have_rows_and_share_none(rows, shift):
    train, judged = split_rows(rows, shift, 100, seed=1)
    assert 0 < len(train) <= 100
    assert len(judged) > 0
    assert not set(train["id"]) & set(judged["id"])


@pytest.mark.parametrize("shift", SHIFTS)
def test_every_strength_is_judged_on_the_same_rows(rows, shift):
    judged = [
        split_rows(rows, shift, n_training, seed=1)[1]["id"].tolist() for n_training in (9, 99)
    ]
    assert judged[0] == judged[1]


def test_sides_differ_in_what_the_shift_is_named_after(rows):
    def sides(shift):
        return split_rows(rows, shift, 10_000, seed=1)

    train, judged = sides("source wikitree")
    assert (set(train["source"]), set(judged["source"])) == ({"wikipedia"}, {"wikitree"})
    train, judged = sides("type pairs")
    assert not set(train["type_pair"]) & set(judged["type_pair"])
    train, judged = sides("unseen pairs")
    assert not set(train["pair"]) & set(judged["pair"])
    train, judged = sides("short entities")
    assert train["subject_word"].str.len().min() > judged["subject_word"].str.len().max()
    train, judged = sides("long sentences")
    assert train["characters"].max() < judged["characters"].min()
    train, judged = sides("negatives")
    shares = [(side["label"] == NEGATIVE).mean() for side in (train, judged)]
    assert shares == [pytest.approx(0.15, abs=0.08), pytest.approx(0.6, abs=0.1)]


def test_half_of_the_shifts_choose_the_rule():
    assert set(CHOSEN_ON) < set(SHIFTS)
    assert len(CHOSEN_ON) == len(SHIFTS) / 2


def make_outcome(shift, strength, truth, stated, refusal=""):
    witnesses = {
        name: dict.fromkeys(METRICS, Estimate(value, value - 1, value + 1))
        for name, value in (("labels", 70.0), ("texts", 60.0), ("difference", stated))
    }
    told = {} if refusal else dict.fromkeys(METRICS, Estimate(stated, stated - 5, stated + 5))
    return Outcome(
        shift, strength, dict.fromkeys(METRICS, truth), told,
        witnesses | {"confidence": {}, "thresholded": {}}, refusal, 0.9,
    )  # fmt: skip


def test_an_interval_holds_its_ends():
    assert holds(Estimate(50, 45, 55), 45)
    assert holds(Estimate(50, 45, 55), 55)
    assert not holds(Estimate(50, 45, 55), 55.1)


def test_coverage_errors_and_ranks_by_hand():
    outcomes = [
        make_outcome("negatives", "weak", truth=10, stated=13),
        make_outcome("negatives", "strong", truth=30, stated=20),
        make_outcome("unseen pairs", "weak", truth=50, stated=46),
        make_outcome("unseen pairs", "strong", truth=70, stated=40, refusal="too far apart"),
    ]
    text = describe(outcomes)
    lines = text.splitlines()
    (line,) = [line for line in lines if line.startswith("| negatives | strong | 0.90 | 30.0 |")][
        :1
    ]
    assert line.endswith("| 15 to 25 missed | 69 to 71 missed |")
    assert "| chosen on | micro F1 | 2 of 2 | 50% | 10.0 | 0% | 2.0 | – |" in lines
    assert "| reported | micro F1 | 1 of 2 | 100% | 10.0 | 0% | 2.0 | 100% |" in lines
    # The root of (9 + 100) / 2 is 7.38; one shift leaves a quantile of 12.71.
    assert "12.71 times the error of difference): micro F1 93.8 " in text
    # Of the models of one shift the order is right, of those of the other it is wrong.
    assert "over the models of a shift: micro F1 0.00" in text
