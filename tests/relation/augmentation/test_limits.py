"""How many rows a method may add."""

from types import SimpleNamespace

from klue_pipeline.relation.augmentation.guards import OVER_LIMIT, Limits

SPOUSE, TITLE = SimpleNamespace(label="per:spouse"), SimpleNamespace(label="per:title")


def test_without_limits_there_is_always_room():
    limits = Limits(None, None)
    for _ in range(3):
        limits.count(SPOUSE)
    assert limits.find_problem(SPOUSE) is None
    assert not limits.is_full()


def test_all_labels_share_the_limit_of_rows():
    limits = Limits(2, None)
    limits.count(SPOUSE)
    assert limits.find_problem(TITLE) is None
    limits.count(TITLE)
    assert limits.is_full()
    assert limits.find_problem(SPOUSE) == limits.find_problem(TITLE) == OVER_LIMIT


def test_each_label_has_its_own_limit():
    limits = Limits(None, 1)
    limits.count(SPOUSE)
    assert limits.is_label_full("per:spouse")
    assert limits.find_problem(SPOUSE) == OVER_LIMIT
    assert limits.find_problem(TITLE) is None
    assert not limits.is_full()
