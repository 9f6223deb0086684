"""Members of a composite on disk: what is missing or mixed is told, and what made them."""

from types import SimpleNamespace

import pytest
from kedro.pipeline import Pipeline, node

from klue_pipeline.runs.dataset_names import MemberDataset
from klue_pipeline.runs.lineage import OriginStore
from klue_pipeline.runs.members import NOT_THERE, require_members, trace_members

FOLDS = (0, 1)
VALIDATION, TEST = {"training.epochs": "3"}, {"training.epochs": "3", "raw.test": "t1"}
NAMES = [
    MemberDataset(member, fold, part).name
    for member in ("a.b", "c--x")
    for fold in FOLDS
    for part in ("validation", "test")
]
PIPELINE = Pipeline([node(lambda *_: 1, ["labels", *NAMES], "scores", name="compose")])
PARAMETERS = SimpleNamespace(experiment="both", members=["a.b", "c--x"])


class Disk:
    """Files of datasets in a folder, with what made them."""

    def __init__(self, folder):
        self.folder, self.store = folder, OriginStore()

    def path_of(self, name):
        return None if name == "labels" else self.folder / f"{name}.parquet"

    def save(self, name, origin):
        self.path_of(name).touch()
        self.store.write(self.path_of(name), origin)

    def lose(self, name):
        self.path_of(name).unlink()
        self.store.remove(self.path_of(name))

    def require(self, **run_params):
        require_members(PIPELINE, PARAMETERS, self.path_of, run_params)

    def trace(self):
        return trace_members([*NAMES, "labels", "fold_0.test_scores"], self.path_of)


@pytest.fixture
def disk(tmp_path):
    """Both members trained and predicted."""
    disk = Disk(tmp_path)
    for name in NAMES:
        disk.save(name, TEST if "test" in name else VALIDATION)
    return disk


def test_members_that_are_there_are_let_through(disk):
    disk.require(env=None)


def test_a_run_that_reads_no_member_needs_none(tmp_path):
    require_members(Pipeline([]), PARAMETERS, Disk(tmp_path).path_of, {})


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        (["fold_1.validation"], "has no validation scores of fold 1. "),
        (["fold_0.test", "fold_1.test"], "has no test scores of folds 0, 1. "),
        (["fold_0.validation", "fold_1.test"],
         "has no validation scores of fold 0 and no test scores of fold 1. "),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_with_the_way_to_make_it(disk, lost, reason):
    for part in lost:
        disk.lose(f"member_c--x.{part}_scores")
    with pytest.raises(ValueError, match="c--x") as raised:
        disk.require(env="klue")
    assert str(raised.value) == (
        f"Experiment both joins a.b, c--x; c--x {reason}Train it first: "
        "kedro run --env klue --params experiment=c--x\n"
        'or let both be done: make experiments NAMES=both ARGS="--env klue"'
    )


def test_the_usual_environment_is_not_named(disk):
    disk.lose("member_a.b.fold_0.test_scores")
    with pytest.raises(ValueError, match=r"NAMES=both$") as raised:
        disk.require(env=None)
    assert "kedro run --params experiment=a.b\n" in str(raised.value)


def test_scores_that_were_being_saved_are_refused(disk):
    name = "member_a.b.fold_1.test_scores"
    disk.store.remove(disk.path_of(name))
    with pytest.raises(ValueError, match=r"a\.b was interrupted while its test scores of fold 1"):
        disk.require()


@pytest.mark.parametrize("part", ["validation", "test"])
def test_folds_of_different_settings_are_refused(disk, part):
    own = VALIDATION if part == "validation" else TEST
    disk.save(f"member_a.b.fold_1.{part}_scores", {**own, "training.epochs": "5"})
    with pytest.raises(
        ValueError, match=r"other settings in fold 1: training\.epochs was 5, fold 0 has 3\."
    ):
        disk.require()


def test_test_scores_of_an_earlier_training_are_refused(disk):
    for fold in FOLDS:
        disk.save(f"member_a.b.fold_{fold}.validation_scores", {"training.epochs": "5"})
    with pytest.raises(ValueError, match=r"a\.b was trained again after its test scores were made"):
        disk.require()


def test_every_dataset_of_a_member_has_one_and_the_same_origin(disk):
    origins = disk.trace()
    assert set(origins) == set(NAMES)
    for name, origin in origins.items():
        (field,) = origin
        assert field == ("members.a.b" if "a.b" in name else "members.c--x")
    assert len({tuple(origin.values()) for origin in origins.values()}) == 1  # made alike


def test_the_hash_does_not_depend_on_how_many_folds_are_read(disk):
    some = [name for name in NAMES if "fold_0" in name]
    for name, origin in trace_members(some, disk.path_of).items():
        assert disk.trace()[name] == origin


@pytest.mark.parametrize("part", ["validation", "test"])
def test_the_hash_is_another_as_soon_as_one_fold_is(disk, part):
    before = disk.trace()
    disk.save(f"member_a.b.fold_1.{part}_scores", {**TEST, "training.epochs": "5"})
    after = disk.trace()
    for name in NAMES:
        assert (before[name] == after[name]) == ("c--x" in name)


def test_a_member_that_is_not_there_says_so(tmp_path):
    origins = Disk(tmp_path).trace()
    assert origins[NAMES[0]] == {"members.a.b": NOT_THERE}
