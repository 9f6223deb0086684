"""What made the scores of other experiments: one hash, which changes with any of them."""

import pytest

from klue_pipeline.runs.dataset_names import MemberDataset
from klue_pipeline.runs.disk.origin_store import OriginStore
from klue_pipeline.runs.members import NOT_THERE, trace_earlier, trace_members, trace_teachers

MADE = {"training.epochs": "3"}
OTHER = {"training.epochs": "5"}
NAMES = [
    MemberDataset(member, fold, part).name
    for member in ("a.b", "c--x")
    for fold in (0, 1)
    for part in ("validation", "test")
]


@pytest.fixture
def path_of(tmp_path):
    """Where a dataset lies; all scores of both members are there."""
    for name in NAMES:
        OriginStore().write(tmp_path / name, MADE)
    return lambda name: tmp_path / name


def test_every_dataset_of_a_member_has_one_and_the_same_origin(path_of):
    origins = trace_members([*NAMES, "labels", "fold_0.test_scores"], path_of)
    assert set(origins) == set(NAMES)
    for name, origin in origins.items():
        (field,) = origin
        assert field == ("members.a.b" if "a.b" in name else "members.c--x")
    assert len({tuple(origin.values()) for origin in origins.values()}) == 1  # made alike
    some = [name for name in NAMES if "fold_0" in name]
    for name, origin in trace_members(some, path_of).items():
        assert origins[name] == origin  # however many folds are read


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_hash_is_another_as_soon_as_one_fold_is(path_of, part):
    before = trace_members(NAMES, path_of)
    OriginStore().write(path_of(f"member_a.b.fold_1.{part}_scores"), OTHER)
    after = trace_members(NAMES, path_of)
    for name in NAMES:
        assert (before[name] == after[name]) == ("c--x" in name)


def test_a_member_that_is_not_there_says_so(tmp_path):
    origins = trace_members(NAMES, lambda name: tmp_path / "nowhere" / name)
    assert origins[NAMES[0]] == {"members.a.b": NOT_THERE}


def test_results_inherit_a_hash_that_changes_with_earlier_scores(path_of):
    names = ["labels", "earlier_scores_rbert"]
    seen = [trace_earlier(names, path_of)]
    assert seen == [{"earlier_scores_rbert": {"earlier.rbert": NOT_THERE}}]
    for origin in (MADE, OTHER):
        OriginStore().write(path_of("earlier_scores_rbert"), origin)
        seen.append(trace_earlier(names, path_of))
    assert len({str(origin) for origin in seen}) == 3


def test_a_student_inherits_a_hash_of_each_teacher(path_of):
    names = ["labels", *(f"teacher_large.fold_{fold}.model" for fold in (0, 1)), NAMES[0]]
    assert trace_teachers(names, path_of) == {
        name: {"teachers.large": NOT_THERE} for name in names[1:3]
    }
    for name in names[1:3]:
        OriginStore().write(path_of(name), MADE)
    first, second = trace_teachers(names, path_of).values()
    assert first == second != {"teachers.large": NOT_THERE}
    OriginStore().write(path_of(names[1]), OTHER)
    assert trace_teachers(names, path_of)[names[1]] != first
