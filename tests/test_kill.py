"""``kill`` in fold 1, in three moments: the same command goes on to the same result."""

import os
import signal

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs POSIX signals and pipes"),
]

# Thirty steps an epoch, so that there is an epoch to be in the middle of.
SETTINGS = "training.batch_size=4"
COMMAND = ["--params", SETTINGS]
FREQUENT = ["--params", f"{SETTINGS},training.checkpoint_every_steps=5"]
"""The same result, with more to go on from."""
RESUME = "--only-missing-outputs"
SCORES = "07_model_output/typed_punct_query/fold_1/validation.parquet"
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


@pytest.fixture(scope="module")
def unbroken(whole_run, tmp_path_factory):
    """The same job without a kill."""
    project = whole_run[0].copy_to(tmp_path_factory.mktemp("unbroken") / "project")
    ended = project.run("--from-nodes", "fold_0.train,fold_1.train", *COMMAND)
    assert ended.code == 0, ended.console
    return project


def test_a_run_that_is_killed_three_times_ends_like_an_unbroken_one(project, unbroken):  # noqa: PLR0915 (one run, step by step)
    killed = project.run_until("fold_1", 3, *COMMAND)
    assert killed.code == -9, killed.console
    assert "] fold_1.train" in killed.console
    assert (outputs_of(project, 0)[-1], outputs_of(project, 1)) == ("model", [])
    assert checkpoints(project) == []
    weights = project.data / "06_models/typed_punct_query/fold_0/model.safetensors"
    written = weights.stat().st_mtime_ns

    # In the first epoch, before the first checkpoint: fold 1 starts anew. SIGTERM closes the books.
    ended = project.run_until("fold_1", 13, RESUME, *FREQUENT, number=signal.SIGTERM)
    assert ended.code == 128 + signal.SIGTERM, ended.console
    assert "Resuming from" not in ended.console
    assert checkpoints(project) == [10]
    assert outputs_of(project, 1) == []
    record = project.read_json("08_reporting/typed_punct_query/run_record.json")
    assert record["status"] == "killed"

    # In the middle of an epoch: it goes on from there. It dies while it writes the scores.
    between_saves = project.start(RESUME, *FREQUENT)
    partial = between_saves.partial_of(project.data / SCORES)
    partial.parent.mkdir(parents=True)
    os.mkfifo(partial)  # who opens it waits for a reader who never comes
    console = between_saves.kill_when(lambda: "history" in outputs_of(project, 1))
    assert "Resuming from checkpoint-10" in console
    assert outputs_of(project, 1) == ["metrics", "history"]
    partial.unlink()
    partial.write_bytes(b"PAR1 half of a table")

    # Between two saves: metrics and history are there, no model is.
    resumed = project.run(RESUME, *FREQUENT)
    assert resumed.code == 0, resumed.console
    assert "] fold_0.train" not in resumed.console
    assert "] fold_1.train" in resumed.console
    for name in SAME:
        found, wanted = (each.data / "08_reporting" / name for each in (project, unbroken))
        assert found.read_bytes() == wanted.read_bytes()
    assert weights.stat().st_mtime_ns == written
    assert not partial.exists()
    assert not scratch(project).parent.exists()
