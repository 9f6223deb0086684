"""A run in a process of its own: what comes back when it fails, is killed or interrupted."""

import gc
import os
import signal
import sys
import threading
import time

import click
import pytest

from klue_pipeline.commands import child_run
from klue_pipeline.commands.child_run import run_kedro
from klue_pipeline.commands.errors import ERROR_FILE, explain_errors

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs POSIX signals")

HEARS_CTRL_C = """
import pathlib, time
try:
    pathlib.Path("started").touch()
    time.sleep(60)
finally:
    pathlib.Path("closed its books").touch()
"""


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run Python code in the place of ``kedro run``."""
    monkeypatch.chdir(tmp_path)

    def run_code(code):
        wait = child_run._wait_for
        monkeypatch.setattr(
            child_run, "_wait_for", lambda _, environment: wait([sys.executable, "-c", code],
                                                                environment)
        )  # fmt: skip
        return run_kedro([])

    return run_code


def test_one_that_goes_through_has_no_error(run):
    ended = run("import time; time.sleep(0.2)")
    assert ended.error is None
    assert ended.seconds > 0.2


def test_one_that_fails_says_why_through_a_file(run):
    ended = run(f"import os; open(os.environ[{ERROR_FILE!r}], 'w').write('no such file'); exit(1)")
    assert ended.error == "no such file"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("exit(3)", "ended with code 3; its output says why"),
        ("import os; os.kill(os.getpid(), 9)", "killed by SIGKILL; a machine short of memory"),
        ("import os; os.kill(os.getpid(), 15)", "killed by SIGTERM"),
    ],
)
def test_one_that_says_nothing_is_described_by_its_exit(run, code, error):
    assert run(code).error.startswith(error)


def test_one_whose_parent_is_gone_ends_as_by_sigterm(run):
    code = f"""
import os, time
from klue_pipeline.commands.interrupts import PARENT, terminated_like_interrupted
assert int(os.environ[PARENT]) == os.getppid()
os.environ[PARENT] = "{os.getpid() + 1}"
with terminated_like_interrupted():
    time.sleep(60)
"""
    assert run(code).error == "ended with code 143; its output says why"


@pytest.fixture
def no_garbage_collection():
    """Hypothesis listens to it, and an interrupt in there would be lost."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_garbage_collection")
def test_ctrl_c_reaches_a_run_that_did_not_hear_it(run, tmp_path, monkeypatch):
    monkeypatch.setattr(child_run, "_GRACE_SECONDS", 0.1)

    def interrupt_once_started():
        end = time.monotonic() + 30
        while time.monotonic() < end and not (tmp_path / "started").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt_once_started)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run(HEARS_CTRL_C)
    thread.join()
    assert (tmp_path / "closed its books").exists()


def test_runs_side_by_side_write_to_their_logs_and_end_together(tmp_path, monkeypatch):
    code = "import os, time; print(os.environ['WHERE'], flush=True); time.sleep(60)"
    monkeypatch.setattr(
        child_run, "_run",
        lambda arguments, wait_for: wait_for([sys.executable, "-c", *arguments], {}),
    )  # fmt: skip
    children, codes = child_run.ChildRuns({"WHERE": "here"}), []
    logs = [tmp_path / name / "run.log" for name in ("one", "two")]
    threads = [
        threading.Thread(target=lambda log=log: codes.append(children.run([code], log)))
        for log in logs
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + 60
    while not all(log.exists() and log.read_text() == "here\n" for log in logs):
        assert time.monotonic() < end
        time.sleep(0.01)
    children.terminate()
    for thread in threads:
        thread.join(60)
    assert codes == [-signal.SIGTERM, -signal.SIGTERM]
    with pytest.raises(KeyboardInterrupt):
        children.run([code], logs[0])


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (ValueError("training.epochs: found 0"), "training.epochs: found 0"),
        (KeyError("a bug"), "KeyError: 'a bug'"),
    ],
)
def test_commands_leave_their_error_where_they_are_told(error, message, tmp_path, monkeypatch):
    monkeypatch.setenv(ERROR_FILE, str(tmp_path / "error.txt"))

    @explain_errors
    def command():
        raise error

    with pytest.raises((click.ClickException, KeyError)):
        command()
    assert (tmp_path / "error.txt").read_text(encoding="utf-8") == message
