"""What is run, skipped, resumed and given up, with runs that only pretend."""

from contextlib import contextmanager
from types import SimpleNamespace

import click
import pytest
from kedro.pipeline import Pipeline, node

from klue_pipeline.commands import experiments
from klue_pipeline.commands.child_run import Ended
from klue_pipeline.commands.outcomes import NO_BOARD
from klue_pipeline.commands.side_by_side import SHARED

ENTRIES = {
    "rbert": {"why": "두 개체의 위치를 알려 주면 나아진다"},
    "binary": {"why": "x"},
    "positive": {"why": "x"},
    "cascade": {"why": "x", "kind": "composite", "members": ["binary", "positive"]},
}


class Pretended:
    """A project in which every experiment is as far, and every run ends, as a test says."""

    def __init__(self, monkeypatch, folder):
        self.progress: dict[str, str] = {}
        self.errors: dict[str, str | type[BaseException]] = {}
        self.wrong_settings: dict[str, str] = {}
        self.needs_adapting: set[str] = set()
        self.ran: list[tuple[str, ...]] = []
        self.ranked: list[str] = []
        self.missing: set[str] = set()
        for name in (
            "read_lab_book", "open_experiment", "adapted_encoder_is_missing", "run_kedro",
            "leaderboard_path", "read_board",
        ):  # fmt: skip
            monkeypatch.setattr(experiments, name, getattr(self, name))
        self.folder = folder

    def read_lab_book(self, request):
        return ENTRIES

    def leaderboard_path(self, request):
        path = self.folder / "leaderboard.csv"
        path.touch()
        return path

    def open_experiment(self, request, job):
        if job.folder in self.wrong_settings:
            raise ValueError(self.wrong_settings[job.folder])
        progress = self.progress.get(job.folder, "new")
        target = SimpleNamespace(name="binary" if job.folder in {"binary", "positive"} else "all")
        kind = ENTRIES[job.experiment].get("kind", "single")
        parameters = SimpleNamespace(target=target, evaluation=None, kind=kind)
        return SimpleNamespace(
            progress=lambda: progress, folder=job.folder, parameters=parameters,
            is_current=lambda name: name not in self.missing,
        )  # fmt: skip

    def adapted_encoder_is_missing(self, results):
        return results.folder in self.needs_adapting

    def run_kedro(self, arguments):
        settings, *options = arguments[arguments.index("--params") + 1 :]
        name = settings.rpartition("experiment=")[2]
        if options == ["--pipelines", "leaderboard"]:
            assert "mlflow.enabled=false" in settings
            self.ranked.append(name)
            return Ended(1.0, self.errors.get("leaderboard"))
        self.ran.append((settings, *options))
        error = self.errors.get(name)
        if isinstance(error, type):
            raise error
        if "ingest,clean,adapt" in options:
            self.needs_adapting.clear()
        return Ended(12.0, error)

    def read_board(self, path, evaluation):
        return NO_BOARD

    def call(self, *names, every=False, settings=(), workers=None):
        return experiments.run_experiments(
            names, every=every, env="test", settings=settings, workers=workers
        )


@pytest.fixture
def project(configured, monkeypatch, tmp_path):
    return Pretended(monkeypatch, tmp_path)


def test_each_is_run_as_far_as_it_is_not_finished(project, capsys):
    project.progress = {"rbert": "finished", "binary": "begun"}
    assert project.call("rbert", "binary", "positive", settings=["training.epochs=2"]) == 0
    assert project.ran == [
        ("training.epochs=2,experiment=binary", "--only-missing-outputs"),
        ("training.epochs=2,experiment=positive",),
    ]
    shown = capsys.readouterr().out
    assert "=== 1 of 3: rbert\n=== rbert: finished before\n" in shown
    assert "=== positive: trained in 12 s\n" in shown


def test_a_failure_does_not_stop_the_rest(project, capsys):
    project.errors = {"rbert": "Settings are wrong:\n  encoder.name: no such folder\n  more"}
    assert project.call("rbert", "positive") == 1
    assert [settings for settings, *_ in project.ran] == ["experiment=rbert", "experiment=positive"]
    shown = capsys.readouterr().out
    assert "rbert: failed in 12 s: Settings are wrong: encoder.name: no such folder\n" in shown
    assert "\nrbert failed: Settings are wrong: encoder.name: no such folder\n" in shown


def test_wrong_settings_are_told_before_anything_runs(project, capsys):
    project.wrong_settings = {"positive": "training.epochs: found 0"}
    assert project.call("rbert", "positive") == 1
    assert project.ran == [("experiment=rbert",)]
    assert "positive cannot run: training.epochs: found 0" in capsys.readouterr().err


def test_a_composite_waits_for_its_members_and_falls_with_them(project, capsys):
    project.errors = {"binary": "out of memory"}
    assert project.call("cascade", "rbert") == 1
    assert [settings for settings, *_ in project.ran] == [
        "experiment=binary", "experiment=positive", "experiment=rbert",
    ]  # fmt: skip
    assert "=== cascade: failed: its member binary failed" in capsys.readouterr().out


def test_the_adapted_encoder_is_made_first(project):
    project.needs_adapting = {"rbert"}
    assert project.call("rbert") == 0
    assert project.ran == [
        ("experiment=rbert", "--pipelines", "ingest,clean,adapt"),
        ("experiment=rbert",),
    ]


def test_without_the_adapted_encoder_its_experiment_fails(project, capsys):
    project.needs_adapting, project.errors = {"rbert"}, {"rbert": "no rows"}
    assert project.call("rbert") == 1
    assert len(project.ran) == 1
    assert "rbert failed: adapt: no rows" in capsys.readouterr().out


def test_ctrl_c_ends_everything_with_the_table_so_far(project, capsys):
    project.errors = {"binary": KeyboardInterrupt}
    assert project.call("rbert", "binary", "positive") == 1
    assert [settings for settings, *_ in project.ran] == ["experiment=rbert", "experiment=binary"]
    table = capsys.readouterr().out.partition("experiment  status")[2]
    assert "rbert       trained" in table
    assert "binary      interrupted" in table
    assert "positive" not in table
    assert (project.folder / "experiments.csv").is_file()


@pytest.mark.parametrize(
    ("names", "progress", "errors", "ranked"),
    [
        (("rbert",), {}, {}, []),  # its own run ends with the leaderboard
        (("rbert",), {"rbert": "finished"}, {}, ["rbert"]),
        (("rbert", "positive"), {}, {"positive": "no rows"}, ["rbert"]),
        (("rbert", "positive"), {}, {}, ["rbert"]),  # a member's leaderboard has no blend
        (("binary", "positive"), {}, {}, []),
        (("rbert",), {}, {"rbert": "no rows"}, []),
    ],
)
def test_all_are_ranked_again_unless_the_last_run_did(project, names, progress, errors, ranked):
    project.progress, project.errors = progress, errors
    project.call(*names)
    assert project.ranked == ranked


def test_a_leaderboard_that_cannot_be_made_leaves_the_outcomes_and_the_reason(project, capsys):
    project.progress = {"rbert": "finished"}
    project.errors = {"leaderboard": "clean_sentences on disk was made with other settings"}
    assert project.call("rbert") == 1
    shown = capsys.readouterr().out
    assert "rbert       finished before" in shown
    assert "could not be made: clean_sentences on disk was made with other settings" in shown


class Pretending:
    """The runs of a cluster, on which every one goes through."""

    def __init__(self, project):
        self.project = project

    def run(self, arguments, log_file):
        self.project.ran.append(tuple(arguments[3:]))
        return Ended(12.0, None)


@pytest.fixture
def on_cluster(project, monkeypatch):
    @contextmanager
    def pretend(workers):
        yield Pretending(project)

    monkeypatch.setattr(experiments, "shared_cluster", pretend)
    monkeypatch.setattr(experiments, "pipelines", {stage: Pipeline([]) for stage in SHARED})
    return project


def test_side_by_side_all_are_joined_and_ranked_once_at_the_end(on_cluster):
    on_cluster.progress = {"positive": "finished"}
    tracked = ["mlflow.enabled=true"]  # so are the experiments, not what joins them
    assert on_cluster.call("cascade", "rbert", workers=2, settings=tracked) == 0
    own, joined = on_cluster.ran[:3], on_cluster.ran[3:]
    assert {settings for settings, *_ in own} == {
        f"mlflow.enabled=true,experiment={name}" for name in ("binary", "cascade", "rbert")
    }
    # Members have no part in the blend.
    assert joined == [
        (f"mlflow.enabled=false,experiment={name}", "--pipelines", "ensemble,submissions")
        for name in ("cascade", "rbert")
    ]
    assert on_cluster.ranked == ["rbert"]


def test_side_by_side_what_all_share_is_made_first(on_cluster, monkeypatch):
    node_of_stage = node(lambda: 1, None, "sentences", name="parse")
    monkeypatch.setattr(
        experiments, "pipelines", {"ingest": Pipeline([node_of_stage]), "clean": Pipeline([])}
    )
    on_cluster.missing = {"sentences"}
    on_cluster.errors = {"rbert": "no such file"}
    assert on_cluster.call("rbert", "positive", workers=2) == 1
    assert on_cluster.ran == [
        ("mlflow.enabled=false,experiment=rbert", "--pipelines", "ingest,clean")
    ]


def test_all_means_those_of_the_lab_book(project):
    assert project.call("positive", every=True) == 0
    assert [settings for settings, *_ in project.ran] == [
        f"experiment={name}" for name in ("positive", "rbert", "binary", "cascade")
    ]


def test_no_name_at_all_lists_what_there_is(project, capsys):
    assert project.call() == 0
    assert "give --all.\n  rbert: 두 개체의 위치를 알려 주면 나아진다" in capsys.readouterr().out
    assert not project.ran


def test_unknown_names_stop_it_before_the_first_run(project):
    with pytest.raises(click.UsageError, match="Did you mean rbert"):
        project.call("positive", "rbertt")
    assert project.ran == []
