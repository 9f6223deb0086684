"""``kill -9`` in fold 1, in three moments: the same command goes on to the same result."""

import os
import shutil
import time

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX signals and pipes"),
]

# Thirty steps an epoch, so that there is an epoch to be in the middle of.
STEPS_PER_EPOCH = 30
SETTINGS = "training.batch_size=4"
COMMAND = ["--params", SETTINGS]
FREQUENT = ["--params", f"{SETTINGS},training.checkpoint_every_steps=5"]
"""The same result, with more to go on from."""
RESUME = "--only-missing-outputs"
SAME = [
    "metrics.json",
    "submission.csv",
    "typed_punct_query/per_label.csv",
    "ensemble_report.json",
    "typed_punct_query/fold_1/history.csv",
]


def scratch(project):
    return project.data / "06_models/typed_punct_query/.scratch/fold_1"


def checkpoints(project):
    """Steps of the whole checkpoints of fold 1."""
    states = scratch(project).glob("*/checkpoint-*/trainer_state.json")
    return sorted(int(path.parent.name.rpartition("-")[2]) for path in states)


def outputs_of(project, fold):
    """Which outputs of a fold's training are stored whole."""
    data, name = project.data, f"fold_{fold}"
    places = {
        "metrics": data / f"08_reporting/typed_punct_query/{name}/.fingerprints/metrics.json.json",
        "history": data / f"08_reporting/typed_punct_query/{name}/.fingerprints/history.csv.json",
        "scores": data
        / f"07_model_output/typed_punct_query/{name}/.fingerprints/validation.parquet.json",
        "model": data / f"06_models/typed_punct_query/.fingerprints/{name}.json",
    }
    return [output for output, path in places.items() if path.is_file()]


def kill_when(project, moment, *command):
    """Start a run and kill it at the first sight of a moment; return what it had printed."""
    process = project.start("-m", "kedro", "run", "--env", "test", *command)
    try:
        end = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < end and not moment(project):
            time.sleep(0.002)
    finally:
        process.kill()
        console, _ = process.communicate()
    assert process.returncode == -9, f"it ended before the moment came:\n{console}"
    assert moment(project), f"the moment never came:\n{console}"
    return console


def finish(project, unbroken):
    """Resume, and compare with the unbroken run; return what was printed."""
    weights = project.data / "06_models/typed_punct_query/fold_0/model.safetensors"
    written = weights.stat().st_mtime_ns
    resumed = project.run(RESUME, *FREQUENT)
    assert resumed.code == 0, resumed.console
    for name in SAME:
        found, wanted = (own.data / "08_reporting" / name for own in (project, unbroken))
        assert found.read_bytes() == wanted.read_bytes()
    assert weights.stat().st_mtime_ns == written
    assert "] fold_0.train" not in resumed.console
    assert "] fold_1.train" in resumed.console
    assert not scratch(project).parent.exists()
    return resumed.console


@pytest.fixture(scope="module")
def unbroken(whole_run, tmp_path_factory):
    """The same job without a kill."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("unbroken") / "project")
    ended = project.run("--from-nodes", "fold_0.train,fold_1.train", *COMMAND)
    assert ended.code == 0, ended.console
    return project


@pytest.fixture(scope="module")
def killed_in_first_epoch(whole_run, tmp_path_factory):
    """A project whose run was killed in the first epoch of fold 1, before its first checkpoint."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("killed") / "project")
    shutil.rmtree(project.data)
    console = kill_when(project, lambda own: any(scratch(own).glob("*")), *COMMAND)
    assert "] fold_1.train" in console
    assert (outputs_of(project, 0)[-1], outputs_of(project, 1)) == ("model", [])
    assert checkpoints(project) == []
    assert scratch(project).is_dir()
    return project


def test_in_the_first_epoch(killed_in_first_epoch, unbroken, tmp_path):
    project = killed_in_first_epoch.copy_to(tmp_path / "project")
    console = finish(project, unbroken)
    assert "Resuming from" not in console


def test_in_the_middle_of_an_epoch(killed_in_first_epoch, unbroken, tmp_path):
    project = killed_in_first_epoch.copy_to(tmp_path / "project")
    kill_when(project, lambda own: any(step >= 10 for step in checkpoints(own)), RESUME, *FREQUENT)
    [*_, step] = checkpoints(project)
    assert 10 <= step < STEPS_PER_EPOCH
    assert outputs_of(project, 1) == []
    console = finish(project, unbroken)
    assert f"Resuming from checkpoint-{step}" in console


def test_between_two_saves(killed_in_first_epoch, unbroken, tmp_path):
    """The process dies while it writes the scores: metrics and history are there, no model is."""
    project = killed_in_first_epoch.copy_to(tmp_path / "project")
    partial = project.data / "07_model_output/typed_punct_query/fold_1/.validation.parquet.partial"
    partial.parent.mkdir(parents=True)
    os.mkfifo(partial)  # who opens it waits for a reader who never comes
    kill_when(project, lambda own: "history" in outputs_of(own, 1), RESUME, *FREQUENT)
    assert outputs_of(project, 1) == ["metrics", "history"]
    partial.unlink()
    partial.write_bytes(b"PAR1 half of a table")
    finish(project, unbroken)
    assert not partial.exists()
