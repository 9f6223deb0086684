"""Throw-away projects in which commands are run, and whole runs that many tests look at."""

import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing import Process
from pathlib import Path

import pytest
from forked_commands import SIGNAL_AT, fork_command, stop_server
from kedro.framework.project import configure_project, pipelines

from klue_pipeline.runs import topology
from klue_pipeline.runs.process import process_start

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_SECONDS = 300
STAGES = (
    "ingest", "clean", "augment", "tokenize", "train", "predict", "report", "ensemble",
    "submissions", "errors", "leaderboard", "export", "eda,label_audit",
)  # fmt: skip
LEDGER = "08_reporting/submissions.csv"
LONGER = "run.name=longer,training.epochs=3"
SUBMITTED = {"submitted_at": "2026-03-02", "public_micro_f1": "7.5", "note": "첫 제출"}
"""What a person writes into the ledger before the second experiment is run."""


@dataclass(frozen=True)
class Finished:
    """How a command ended."""

    code: int
    """What the shell sees; 0 if all went well."""
    console: str
    """What a person saw, on both streams."""


class Running:
    """A command that has been started."""

    def __init__(self, process: Process, console: Path) -> None:
        self._process, self._console = process, console

    def kill_when(self, moment: Callable[[], bool]) -> str:
        """Send ``kill -9`` at the first sight of a moment; return what was printed until then."""
        end = time.monotonic() + TIMEOUT_SECONDS
        while self._process.is_alive() and time.monotonic() < end and not moment():
            time.sleep(0.002)
        self._process.kill()
        ended = self.wait()
        assert ended.code == -9, f"it ended before the moment came:\n{ended.console}"
        assert moment(), f"the moment never came:\n{ended.console}"
        return ended.console

    def printed(self) -> str:
        """Return what was printed so far."""
        return self._console.read_text(encoding="utf-8", errors="replace")

    def partial_of(self, path: Path) -> Path:
        """Return the name under which the command writes a file until it is whole."""
        pid = self._process.pid
        own = f"{socket.gethostname()}-{pid}-{process_start(pid)}"
        return path.with_name(f".{path.name}.{own}.partial")

    def wait(self) -> Finished:
        """Wait for the end."""
        self._process.join(TIMEOUT_SECONDS)
        self._process.kill()
        self._process.join()
        code = self._process.exitcode
        self._process.close()
        return Finished(code, self.printed())


@dataclass(frozen=True)
class Project:
    """A throw-away copy of the project's folder, with the code under test and the sample in it."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "Project":
        """Copy what a command needs; the code comes from where it is installed."""
        folder.mkdir()
        for name in ("conf", "data/01_raw/sample"):
            shutil.copytree(ROOT / name, folder / name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        (folder / "src").mkdir()
        return cls(folder)

    def copy_to(self, folder: Path) -> "Project":
        """Copy the project with everything that was made in it; times of files stay."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    @property
    def data(self) -> Path:
        """Where the environment ``test`` keeps its data."""
        return self.folder / "data" / "test"

    def read_json(self, name: str):
        """Read a JSON file below the data folder."""
        return json.loads((self.data / name).read_text(encoding="utf-8"))

    def snapshot(self, below: str = "") -> dict[str, tuple[int, int]]:
        """Return time and size of every data file, to tell whether any of them was touched."""
        files = [path for path in (self.data / below).rglob("*") if path.is_file()]
        return {
            str(path.relative_to(self.data)): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in files
        }

    def run(self, *arguments: str, **environment: str) -> Finished:
        """Type ``kedro run --env test`` with these arguments."""
        return self.start(*arguments, **environment).wait()

    def start(self, *arguments: str, **environment: str) -> Running:
        """Type the same and do not wait for its end."""
        return self._fork("run", "--env", "test", *arguments, **environment)

    def run_until(self, training: str, step: int, *arguments: str, number: int = 9) -> Finished:
        """Type the same, and let ``kill`` end it right after an optimizer step of a training."""
        return self.run(*arguments, **{SIGNAL_AT: f"{training}:{step}:{number}"})

    def kedro(self, *arguments: str, **environment: str) -> Finished:
        """Type ``kedro`` with these arguments."""
        return self._fork(*arguments, **environment).wait()

    def python(self, *command: str, **environment: str) -> Finished:
        """Start Python with this command line, importing what it needs anew."""
        ended = subprocess.run(
            [sys.executable, *command],
            cwd=self.folder, env=environment_for_commands(environment), stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, encoding="utf-8", timeout=TIMEOUT_SECONDS, check=False,
        )  # fmt: skip
        return Finished(ended.returncode, ended.stdout)

    def run_each(self, *commands: list[str]) -> list[Finished]:
        """Give several of these commands, one after the other."""
        return [self.run(*command) for command in commands]

    def _fork(self, *arguments: str, **environment: str) -> Running:
        number, name = tempfile.mkstemp(prefix="console_", dir=self.folder.parent)
        os.close(number)
        given = environment_for_commands(environment)
        return Running(fork_command(arguments, self.folder, given, Path(name)), Path(name))


def environment_for_commands(more: dict[str, str]) -> dict[str, str]:
    """Return the environment without what a developer's shell may say to Kedro or MLflow."""
    ours = ("KEDRO", "KLUE", "MLFLOW", "COLUMNS", "PYTHONWARNINGS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**inherited, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "DO_NOT_TRACK": "1", **more}


def read_table(project: Project, name: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    """Read the lines of a CSV file below the data folder."""
    with (project.data / name).open(encoding=encoding, newline="") as file:
        return list(csv.DictReader(file))


def read_ledger(project: Project) -> list[dict[str, str]]:
    """Read the ledger of submissions."""
    return read_table(project, LEDGER, "utf-8-sig")


def fill_in_ledger(project: Project, name: str, **cells: str) -> None:
    """Write into the ledger as a person with a spreadsheet does."""
    lines = read_ledger(project)
    next(line for line in lines if line["name"] == name).update(cells)
    with (project.data / LEDGER).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)


@pytest.fixture(scope="session")
def configured() -> None:
    """The project's settings: Kedro needs a fifth of a second to read them, so it does so once."""
    configure_project("klue_pipeline")


@pytest.fixture
def fresh_graph(configured):
    """A graph that is made for the folds and the experiment of this test alone."""
    _forget_graph()
    yield
    _forget_graph()


def _forget_graph() -> None:
    topology.forget_shape()
    pipelines.configure("klue_pipeline.pipeline_registry")


@pytest.fixture(scope="session")
def command_server():
    """What commands are forked from, gone at the end; it starts with the first of them."""
    yield
    stop_server()


@pytest.fixture
def project(command_server, tmp_path: Path) -> Project:
    """A project in which nothing was run yet."""
    return Project.create(tmp_path / "project")


@pytest.fixture(scope="session")
def whole_run(command_server, tmp_path_factory) -> tuple[Project, Finished]:
    """A project after the whole job, tracked in MLflow, as typed; copy it to change it."""
    project = Project.create(tmp_path_factory.mktemp("whole") / "project")
    ended = project.run("--params", "mlflow.enabled=true")
    assert ended.code == 0, ended.console
    return project, ended


@pytest.fixture(scope="session")
def two_experiments(whole_run, tmp_path_factory) -> Project:
    """The same after a longer training too, as a run that goes on; copy it to change it."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("two") / "project")
    fill_in_ledger(project, "typed_punct_query", **SUBMITTED)
    # There is nothing to go on from: what belongs to all experiments is made anew.
    ended = project.run("--only-missing-outputs", "--params", LONGER)
    assert ended.code == 0, ended.console
    return project


@pytest.fixture(scope="session")
def staged_run(command_server, tmp_path_factory) -> Project:
    """A project after every stage of the job, one command each; copy it to change it.

    Then come the looks at the data and the labels, which are no part of the job.
    """
    project = Project.create(tmp_path_factory.mktemp("staged") / "project")
    for stage in STAGES:
        ended = project.run("--pipeline" if stage == "train" else "--pipelines", stage)
        assert ended.code == 0, ended.console
        assert "deprecated" not in ended.console
        assert "INFO     No " not in ended.console
    return project


@pytest.fixture
def finished_project(whole_run: tuple[Project, Finished], tmp_path: Path) -> Project:
    """A copy of the project after the whole job."""
    return whole_run[0].copy_to(tmp_path / "finished")
