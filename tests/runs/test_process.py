"""Facts of a run: git, data hash, versions and processes."""

import os
import signal
import subprocess
import sys

import pytest

import klue_pipeline
from klue_pipeline.runs import process as run_facts
from klue_pipeline.runs.process import ProcessIdentity, is_dead, this_process


def git(folder, *arguments):
    identity = ["-c", "user.name=kim", "-c", "user.email=kim@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def work_tree(tmp_path):
    git(tmp_path, "init", "-q")
    (tmp_path / ".gitignore").write_text("data/\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    return tmp_path


def test_clean_tree_has_its_commit(work_tree):
    (work_tree / "data").mkdir()
    (work_tree / "data" / "ignored.csv").write_text("a")
    state = run_facts.git_state(work_tree)
    assert state == (git(work_tree, "rev-parse", "HEAD"), False)


@pytest.mark.parametrize("name", [".gitignore", "new_module.py"])
def test_changed_and_new_files_make_it_dirty(work_tree, name):
    (work_tree / name).write_text("data/\nother\n")
    assert run_facts.git_state(work_tree).dirty


def test_no_repository_no_commit_or_no_git_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert run_facts.git_state(tmp_path) is None
    git(tmp_path, "init", "-q")
    assert run_facts.git_state(tmp_path) is None
    monkeypatch.setenv("PATH", "")
    assert run_facts.git_state(tmp_path) is None


def test_versions_name_the_package_and_leave_out_what_is_not_installed(monkeypatch):
    monkeypatch.setattr(run_facts, "VERSIONED_PACKAGES", ("kedro", "no-such-package"))
    versions = run_facts.package_versions()
    assert set(versions) == {"klue_pipeline", "kedro"}
    assert versions["klue_pipeline"] == klue_pipeline.version.__version__


def test_living_process_is_alive():
    assert not is_dead(this_process())
    assert not is_dead(this_process()._replace(start=None))
    assert not is_dead(ProcessIdentity(this_process().host, 1, None))  # not ours to signal, or root


def test_killed_process_is_dead_before_and_after_its_parent_looks():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    identity = this_process()._replace(pid=process.pid, start=run_facts.process_start(process.pid))
    assert not is_dead(identity)
    process.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert is_dead(identity)
    process.communicate()
    assert is_dead(identity)


def test_reused_pid_is_another_process():
    assert is_dead(this_process()._replace(start="1"))


def test_nobody_knows_about_another_host():
    assert not is_dead(ProcessIdentity("another-host", 2**22 + 1, None))


def test_without_proc_the_pid_alone_decides(monkeypatch):
    monkeypatch.setattr(run_facts, "_stat_fields", {}.get)
    here = this_process()
    assert here.start is None
    assert not is_dead(here)
    assert is_dead(here._replace(pid=2**22 + 1))  # above Linux's largest pid


def test_user_without_a_name_is_none(monkeypatch):
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "")
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    assert run_facts.user_name() is None
    monkeypatch.setenv("USER", "kim")
    assert run_facts.user_name() == "kim"
