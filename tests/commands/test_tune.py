"""``kedro tune`` without a run: which commands it gives, and what it writes into the lab book."""

from pathlib import Path

import click
import pytest

from klue_pipeline.commands import tune
from klue_pipeline.commands.child_run import Ended
from klue_pipeline.commands.tune import TuneRequest, search, tune_settings

WELL = Ended(1.0, None)


class Children:
    """Stands for runs side by side, and remembers them."""

    started: list = []  # noqa: RUF012 (emptied by the fixture)
    ended = WELL

    def __init__(self, environment):
        assert environment == {}

    def run(self, arguments, log_file, own=None):
        Children.started.append((log_file.name, own, arguments))
        if isinstance(self.ended, BaseException):
            raise self.ended
        return self.ended

    def terminate(self):
        Children.started.append("terminated")


@pytest.fixture
def typed(monkeypatch, tmp_path):
    """The commands that a search gives on this terminal."""
    commands = []

    def run(arguments):
        commands.append(" ".join(arguments))
        return WELL

    Children.started, Children.ended = [], WELL
    monkeypatch.setattr(tune, "run_kedro", run)
    monkeypatch.setattr(tune, "ChildRuns", Children)
    monkeypatch.setattr(tune, "visible_gpus", lambda: ["0", "1"])
    monkeypatch.setattr(tune, "_stages_to_make", lambda request: "")
    monkeypatch.setattr(tune, "_folder_of_reports", lambda request: tmp_path)
    return commands


def test_what_is_missing_is_made_first(typed, monkeypatch):
    monkeypatch.setattr(tune, "_stages_to_make", lambda request: "ingest,clean")
    assert search(TuneRequest("klue", ("tune.trials=3", "experiment=rbert_focal"))) == 0
    settings = "--params tune.trials=3,experiment=rbert_focal"
    assert typed == [
        f"--env klue --pipelines ingest,clean {settings}",
        f"--env klue --pipelines tune {settings}",
    ]


def test_another_task_has_a_stage_of_its_own(typed):
    search(TuneRequest(None, (), part="reader"))
    assert typed == ["--pipelines odqa_tune"]


def test_a_run_that_fails_ends_the_search(typed, monkeypatch):
    monkeypatch.setattr(tune, "_stages_to_make", lambda request: "ingest")
    monkeypatch.setattr(tune, "run_kedro", lambda arguments: Ended(1.0, "no rows"))
    assert search(TuneRequest(None, ())) == 1


def test_several_processes_search_each_with_a_gpu_then_one_ends_it(typed, capsys):
    assert search(TuneRequest(None, ("tune.trials=9",), workers=3)) == 0
    started = sorted(Children.started)
    assert [name for name, _, _ in started] == ["worker_0.log", "worker_1.log", "worker_2.log"]
    assert [own["CUDA_VISIBLE_DEVICES"] for _, own, _ in started] == ["0", "1", "0"]
    (arguments,) = {" ".join(each) for _, _, each in started}
    assert typed == [arguments]
    assert "worker 2: its trials are over" in capsys.readouterr().out


def test_without_gpus_no_process_is_told_of_one(typed, monkeypatch):
    monkeypatch.setattr(tune, "visible_gpus", list)
    search(TuneRequest(None, (), workers=2))
    assert [own for _, own, _ in Children.started] == [{}, {}]


def test_ctrl_c_ends_all_processes(typed, capsys):
    Children.ended = KeyboardInterrupt()
    assert search(TuneRequest(None, (), workers=2)) == 1
    assert Children.started[-1] == "terminated"
    assert typed == []
    assert "the same command goes on" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["a--b", "../up", ""])
def test_a_name_that_no_entry_can_have_is_refused_before_the_search(typed, name):
    if not name:
        assert search(TuneRequest(None, (), entry=name)) == 0
        return
    with pytest.raises(ValueError, match="--write-entry"):
        search(TuneRequest(None, (), entry=name))
    assert typed == []


def test_options_and_params_may_not_say_the_same():
    assert tune_settings([], part="reader", experiment="cnn", trials=2) == (
        "odqa.experiment=cnn", "odqa.tune.part=reader", "odqa.tune.trials=2",
    )  # fmt: skip
    with pytest.raises(click.UsageError, match=r"tune\.trials is given twice"):
        tune_settings(["tune.trials=3"], part=None, experiment=None, trials=2)


REPORT = {"verdict": {"winner": "3"}, "trials": {"complete": 4}, "best": {}}
ENTRY = "experiments:\n  tuned_x:\n    why: >-\n      Found.\n    loss: {gamma: 2.0}\n"


class Context:
    """Stands for a context whose catalog has what a search left."""

    def __init__(self, report):
        self.catalog, self._report = self, report

    def load(self, name):
        return {"tune_report": self._report, "tuned_entry": ENTRY}[name]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (REPORT, "Next: kedro run --env own --params experiment=mine"),
        ({**REPORT, "verdict": {"winner": "as it was"}}, "nothing that was found is better"),
        ({**REPORT, "verdict": None, "trials": {"running": 1}}, "trials still run elsewhere"),
    ],
)
def test_the_winner_is_written_where_there_is_one(
    typed, monkeypatch, tmp_path, capsys, report, said
):
    monkeypatch.setattr(tune, "open_context", lambda env, settings: Context(report))
    monkeypatch.setattr(tune, "project_path", lambda: Path(tmp_path))
    assert search(TuneRequest("own", (), entry="mine")) == 0
    assert said in capsys.readouterr().out
    book = tmp_path / "conf" / "own" / "parameters_experiments.yml"
    assert book.is_file() == ("Next" in said)
    if book.is_file():
        assert book.read_text().startswith("experiments:\n  mine:\n    why: >-\n      Found.\n")
