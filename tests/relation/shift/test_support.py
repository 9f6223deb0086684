"""What the test has and training lacks is named, with its share and examples."""

import pandas as pd
import pytest

from klue_pipeline.relation.shift.support import describe_support

NO_RATIOS = pd.DataFrame({"row_id": [], "split": [], "log_ratio": []})


@pytest.fixture(scope="module")
def both(make_rows):
    """Return a function that joins 100 training rows and 20 test rows; five of these differ."""

    def join(**changes):
        rows = pd.concat(
            [make_rows(100, 1).assign(split="train"), make_rows(20, 2).assign(split="test")],
            ignore_index=True,
        )
        for name, value in changes.items():
            rows.loc[115:, name] = value
        return rows

    return join


def test_files_of_one_kind_lack_nothing(both):
    found = describe_support(both(), NO_RATIOS)
    assert found == {"unsupported": None, "unknown_type_pairs": 0, "lacking": []}


@pytest.mark.parametrize(
    ("changes", "fact", "value", "unknown"),
    [
        ({"object_type": "LOC"}, "type_pair", "PER:LOC", 0.25),
        ({"source": "wikitree"}, "source", "wikitree", 0),
        ({"object_end": 70}, "object_characters", "15 or more", 0),
        ({"sentence": "가" * 250}, "characters", "200 to 299", 0),
    ],
)
def test_what_training_lacks_is_named_with_share_and_examples(both, changes, fact, value, unknown):
    rows = both(**changes)
    found = describe_support(rows, NO_RATIOS)
    assert found["unknown_type_pairs"] == unknown
    (lacking,) = found["lacking"]
    examples = lacking.pop("examples")
    assert lacking == {"fact": fact, "value": value, "train_share": 0.0, "test_share": 0.25}
    assert len(examples) == 3
    assert all(map(str.startswith, rows["sentence"][115:], [own.rstrip("…") for own in examples]))
    assert max(map(len, examples)) <= 80


@pytest.mark.parametrize("side", ["train", "test"])
def test_what_a_whole_file_does_not_state_is_no_lack(both, side):
    """Nor is a pair of types of which one is never stated."""
    rows = both(source="wikitree", object_type="LOC")
    silent = rows["split"] == side
    rows.loc[silent, "source"] = None
    rows.loc[silent, "subject_type"] = "NONE"
    assert describe_support(rows, NO_RATIOS)["lacking"] == []


def test_a_value_that_a_single_row_does_not_state_is_a_lack(both):
    (lacking,) = describe_support(both(source=None), NO_RATIOS)["lacking"]
    assert (lacking["fact"], lacking["value"]) == ("source", "(none)")


@pytest.mark.parametrize(("in_training", "is_listed"), [(0, True), (1, True), (2, False)])
def test_only_what_is_twenty_times_as_rare_is_listed(both, in_training, is_listed):
    """A quarter of the test's rows, and 1 % or 2 % of training."""
    rows = both(source="wikitree")
    rows.loc[: in_training - 1, "source"] = "wikitree"
    found = describe_support(rows, NO_RATIOS)["lacking"]
    assert [own["train_share"] for own in found] == [in_training / 100] * is_listed


def test_the_most_frequent_comes_first_and_there_are_twelve_at_most(both):
    rows = both(source="wikitree", object_type="LOC")
    rows.loc[119, "source"] = "policy_briefing"
    found = describe_support(rows, NO_RATIOS)["lacking"]
    assert [own["value"] for own in found] == ["PER:LOC", "wikitree", "policy_briefing"]
    rows.loc[100:, "source"] = [f"site {number}" for number in range(20)]
    found = describe_support(rows, NO_RATIOS)["lacking"]
    assert len(found) == 12
    assert found[0]["value"] == "PER:LOC"


def test_test_rows_at_the_largest_ratio_are_counted(both):
    ratios = pd.DataFrame(
        {"split": ["train", "test", "test", "test", "test"], "log_ratio": [3, 3, 0, -1, 2.9]}
    )
    assert describe_support(both(), ratios)["unsupported"] == 0.25


def test_a_test_without_rows_lacks_nothing(both):
    found = describe_support(both()[:100], NO_RATIOS)
    assert found == {"unsupported": None, "unknown_type_pairs": 0, "lacking": []}
