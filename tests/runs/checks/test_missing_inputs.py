"""What a run reads and is not there is said before it begins, with the command that makes it."""

from pathlib import Path
from types import SimpleNamespace

import pytest
from kedro.pipeline import Pipeline, node

from klue_pipeline.runs.checks.missing_inputs import require_inputs
from klue_pipeline.runs.dataset_names import MemberDataset
from klue_pipeline.runs.disk.origin_store import OriginStore
from klue_pipeline.runs.stored_results import StoredResults

VALIDATION, TEST = {"training.epochs": "3"}, {"training.epochs": "3", "raw.test": "t1"}
NAMES = [
    MemberDataset(member, fold, part).name
    for member in ("a.b", "c--x")
    for fold in (0, 1)
    for part in ("validation", "test")
]


def reads(*names, makes="made", name="stage"):
    return Pipeline([node(lambda *_: 1, list(names), makes, name=name)])


COMPOSE = reads("labels", *NAMES)
BLEND = reads("out_of_fold@all")
FOLDS = reads("fold_0.test_scores", "fold_1.test_scores")
EARLIER = reads("earlier_scores_rbert")
TEACHERS = [f"teacher_rbert.fold_{fold}.model" for fold in (0, 1)]
TAUGHT = reads(*TEACHERS)
TRAIN = reads("features", "raw_train", makes="out_of_fold@one", name="train")
AUDIT = reads("out_of_fold@one", "raw_train", "record", name="audit")
PIPELINES = {
    "tokenize": reads("raw_train", makes="features", name="encode"),
    "train": TRAIN,
    "label_audit": AUDIT,
    "predict": Pipeline(
        [
            node(lambda: 1, None, f"fold_{fold}.test_scores", name=f"predict_{fold}")
            for fold in (0, 1)
        ]
    ),
    "recording": reads("raw_train", makes="record", name="write"),
    "__default__": TRAIN,
}


class Disk:
    """Files of datasets in a folder, with what made them; ``record`` is one to do without."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, OriginStore()

    def get(self, name):
        path = None if name in {"labels", "raw_train"} else self.folder / name
        return SimpleNamespace(_filepath=path, is_optional=name == "record")

    def save(self, name, origin):
        (self.folder / name).touch()
        self.store.write(self.folder / name, origin)

    def lose(self, name):
        (self.folder / name).unlink()

    def require(
        self,
        pipeline,
        experiment="both",
        variant=None,
        *,
        env=None,
        resumed=False,
        blended="all",
        given=(),
    ):
        parameters = SimpleNamespace(
            experiment=experiment, members=["a.b", "c--x"], run=SimpleNamespace(name=variant),
            ensemble=SimpleNamespace(members=blended), experiments={"rbert": {}},
            raw=SimpleNamespace(bundles=self.folder / "bundles"),
            folds=SimpleNamespace(n_splits=2),
        )  # fmt: skip
        results = StoredResults(parameters, self, pipeline, {}, {}, self.folder)
        run_params = {
            "env": env, "only_missing_outputs": resumed, "runtime_params": dict(given)
        }  # fmt: skip
        require_inputs(pipeline, PIPELINES, results, run_params)

    def refusal(self, *arguments, **options):
        with pytest.raises(ValueError, match=r"\w") as raised:
            self.require(*arguments, **options)
        return str(raised.value)


@pytest.fixture
def disk(tmp_path):
    """Both members trained and predicted."""
    disk = Disk(tmp_path)
    for name in NAMES:
        disk.save(name, TEST if "test" in name else VALIDATION)
    return disk


def test_what_is_there_is_let_through(disk):
    disk.require(COMPOSE)
    disk.save("earlier_scores_rbert", VALIDATION)
    disk.require(EARLIER)
    disk.save("out_of_fold@one", VALIDATION)
    disk.require(AUDIT)
    disk.require(sum(PIPELINES.values(), Pipeline([])))  # what it makes itself


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        (["fold_1.validation"], "has no validation scores of fold 1. "),
        (["fold_0.test", "fold_1.test"], "has no test scores of folds 0, 1. "),
        (["fold_0.validation", "fold_1.test"],
         "has no validation scores of fold 0 and no test scores of fold 1. "),
    ],
)  # fmt: skip
def test_a_missing_member_is_told_with_the_way_to_make_it(disk, lost, reason):
    for part in lost:
        disk.lose(f"member_c--x.{part}_scores")
    assert disk.refusal(COMPOSE, env="klue") == (
        f"Experiment both joins a.b, c--x; c--x {reason}Train it first: "
        "kedro run --env klue --params experiment=c,run.name=x\n"
        'or let both be done: make experiments NAMES=both ARGS="--env klue"'
    )
    assert disk.refusal(COMPOSE, resumed=True).endswith("NAMES=both")


def test_scores_that_were_being_saved_are_refused(disk):
    disk.store.remove(disk.folder / "member_a.b.fold_1.test_scores")
    assert "a.b was interrupted while its test scores of fold 1" in disk.refusal(COMPOSE)


@pytest.mark.parametrize(("part", "made"), [("validation", VALIDATION), ("test", TEST)])
def test_folds_of_different_settings_are_refused(disk, part, made):
    disk.save(f"member_a.b.fold_1.{part}_scores", {**made, "training.epochs": "5"})
    message = "other settings in fold 1: training.epochs was 5, fold 0 has 3."
    assert message in disk.refusal(COMPOSE)


def test_test_scores_of_an_earlier_training_are_refused(disk):
    for fold in (0, 1):
        disk.save(f"member_a.b.fold_{fold}.validation_scores", {"training.epochs": "5"})
    assert "a.b was trained again after its test scores were made" in disk.refusal(COMPOSE)


def test_missing_scores_of_an_earlier_experiment_are_told_with_the_way_to_make_them(disk):
    assert disk.refusal(EARLIER).endswith("kedro run --params experiment=rbert")
    assert disk.refusal(EARLIER, env="klue").endswith("run --env klue --params experiment=rbert")


def test_nobody_reads_what_the_own_training_replaces(disk):
    disk.save("earlier_scores_rbert", VALIDATION)
    assert "rbert reads its own earlier results" in disk.refusal(EARLIER, "rbert")
    disk.require(EARLIER, "rbert", "again")


def test_models_that_teach_have_to_be_there_whole_and_of_one_training(disk):
    told = "Experiment both learns from rbert, which"
    train = "Train it first: kedro run --params experiment=rbert"
    disk.save(TEACHERS[0], VALIDATION)
    assert disk.refusal(TAUGHT) == f"{told} has no model of fold 1. {train}"
    disk.save(TEACHERS[1], TEST)
    assert disk.refusal(TAUGHT).startswith(f"{told} was trained with other settings in some")
    disk.save(TEACHERS[1], VALIDATION)
    disk.require(TAUGHT)
    disk.store.remove(disk.folder / TEACHERS[0])
    assert disk.refusal(TAUGHT).startswith(f"{told} was interrupted while its models were saved")


def test_models_without_weights_teach_nothing(disk):
    for name in TEACHERS:
        (disk.folder / name).mkdir()
        disk.store.write(disk.folder / name, VALIDATION)
    note = '{"dropped_at": "today", "because": "training.keep_weights was none"}'
    (disk.folder / TEACHERS[1] / "weights_dropped.json").write_text(note)
    refusal = disk.refusal(TAUGHT)
    assert "which keeps no weights of fold 1 (" in refusal
    assert "keep_weights was none); a teacher needs training.keep_weights=all" in refusal
    disk.require(TAUGHT, resumed=True)  # it may have been taught before


def test_nobody_teaches_itself(disk):
    assert "rbert cannot learn from itself; name another" in disk.refusal(TAUGHT, "rbert")


def test_what_an_earlier_stage_makes_is_said_with_its_stage_and_a_command(disk):
    assert disk.refusal(AUDIT, "rbert") == (
        "This part of the job reads what nobody has made yet: out_of_fold (made by train). Run "
        "the whole job first: kedro run --params experiment=rbert"
    )
    disk.require(AUDIT, resumed=True)
    told = disk.refusal(TRAIN, "rbert", "lr", env="klue")
    assert "features (made by tokenize)" in told
    assert told.endswith("kedro run --env klue --params experiment=rbert,run.name=lr")


def test_the_command_keeps_what_the_run_was_given(disk):
    given = {"raw": {"train": "a b.csv"}, "folds": {"run": [0]}, "head": {"name": "cls"}}
    told = disk.refusal(AUDIT, "rbert", given=given)
    assert told.endswith(
        "kedro run --params 'raw.train=a b.csv,folds.run=[0],head.name=cls,experiment=rbert'"
    )
    # What this experiment is says nothing of another.
    told = disk.refusal(EARLIER, given=given)
    assert told.endswith("kedro run --params 'raw.train=a b.csv,folds.run=[0],experiment=rbert'")


def test_folds_of_another_split_are_said_with_the_setting(disk):
    disk.save("fold_0.test_scores", TEST)
    told = disk.refusal(FOLDS)
    assert "fold_1.test_scores (made by predict). folds.n_splits is 2, but on disk are" in told


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nosuch", "ensemble.members: there is no experiment and no score bundle 'nosuch'. Known"),
        ("rbert", "rbert, which has no scores yet. Train it first: kedro run --params experiment="),
        ("rbert--x", "rbert--x, which .* kedro run --params experiment=rbert,run.name=x"),
    ],
)
def test_members_of_a_blend_that_are_nowhere_are_refused(disk, name, message):
    with pytest.raises(ValueError, match=message):
        disk.require(BLEND, blended=[name])
    (disk.folder / "bundles" / name).mkdir(parents=True)
    disk.require(BLEND, blended=[name], resumed=True)


def test_a_run_may_blend_what_it_makes(disk):
    disk.require(BLEND + reads("raw_train", makes="out_of_fold@one", name="x"), blended=["both"])
