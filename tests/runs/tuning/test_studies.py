"""A study as a run sees it: its address, its name, what it is about, and who works on it."""

import json
from pathlib import Path

import pytest

from klue_pipeline.base_settings import Settings
from klue_pipeline.runs.process import this_process
from klue_pipeline.runs.tuning import studies
from klue_pipeline.runs.tuning.studies import (
    about_study,
    load_study,
    open_repeats,
    open_search,
    storage_address,
)
from klue_pipeline.training.tuning.objective import Objective
from klue_pipeline.training.tuning.tune_params import TuneParams

PLAIN = {
    "trials": 1, "folds": [0], "sampler": "random", "startup_trials": 2, "pruner": "median",
    "spared_trials": 2, "reduction_factor": 3, "rungs": "rows", "row_shares": [1.0], "seed": 42,
    "finalists": 2, "finalist_seeds": 2, "space": {"training.batch_size": [16]},
}  # fmt: skip
OBJECTIVE = Objective(lambda attempt: 1.0, "validation_f1", rises=False)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project folder in which the process is not."""
    monkeypatch.setattr("klue_pipeline.runs.configuration.project_path", lambda: tmp_path)
    return tmp_path


def params(**changes):
    return TuneParams.model_validate({**PLAIN, "storage": "sqlite:///data/optuna.db", **changes})


def test_a_relative_file_lies_in_the_project_and_its_folder_is_made(project):
    assert storage_address("sqlite:///data/optuna.db") == f"sqlite:///{project}/data/optuna.db"
    assert (project / "data").is_dir()


@pytest.mark.parametrize(
    "address", ["sqlite:///:memory:", "postgresql+psycopg://db.example/optuna"]
)
def test_other_addresses_stay(project, address):
    assert storage_address(address) == address


def test_an_absolute_file_stays(project):
    assert storage_address(f"sqlite:///{project}/x.db") == f"sqlite:///{project}/x.db"


def test_a_study_is_joined_looked_at_and_repeated_beside_itself(project):
    about = {"training.epochs": "3"}
    search = open_search(OBJECTIVE, params(), "rbert", about)
    search.study.enqueue_trial({})
    again = open_search(OBJECTIVE, params(seed=1), "rbert", about)
    assert len(again.study.trials) == 1
    assert (search.study.study_name, search.study.direction.name) == ("rbert", "MINIMIZE")
    assert search.study.user_attrs["about"] == about
    assert len(load_study(params(), "rbert").trials) == 1

    named = params(study="mine")
    with pytest.raises(ValueError, match="There is no study 'mine'"):
        load_study(named, "rbert")
    assert open_search(OBJECTIVE, named, "rbert", about).study.study_name == "mine"

    repeats = open_repeats(search)
    assert repeats.study.study_name == "rbert repeats"
    assert repeats.study.direction.name == "MINIMIZE"
    assert repeats.study.user_attrs["about"] == about
    assert (repeats.params.pruner, repeats.params.rungs) == ("none", "evaluations")
    assert type(repeats.study.pruner).__name__ == "NopPruner"
    assert (repeats.name, repeats.space) == ("repeat", None)

    with pytest.raises(ValueError, match=r"training\.epochs was 3, this run says 5"):
        open_search(OBJECTIVE, params(), "rbert", {"training.epochs": "5"})


class Training(Settings):
    """Some settings."""

    epochs: int = 3
    rate: float = 0.5


class All(Settings):
    """Settings of a run."""

    training: Training = Training()
    target: str = "all"
    folds: int = 3


def test_a_study_is_about_all_that_a_trial_reads_and_does_not_search():
    facts = {"rows": "abc"}
    assert about_study(All(), ["training", "target"], ["training.rate"], facts) == {
        "training.epochs": "3", "target": '"all"', "rows": "abc",
    }  # fmt: skip


def test_a_process_is_known_by_others_and_dead_only_for_sure():
    workers = studies._workers()
    assert json.loads(workers.own) == list(this_process())
    assert not workers.is_dead(workers.own)
    host, pid, _, boot = this_process()
    assert workers.is_dead(json.dumps([host, pid, "1", boot])) == Path("/proc").is_dir()
    assert not workers.is_dead(json.dumps(["elsewhere", pid, "1", boot]))
